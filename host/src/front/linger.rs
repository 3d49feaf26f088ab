//! The end of a connection whose client may still be sending.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Semaphore;

/// How long the rest of what a client sends is waited for: some round trips, of a slow network too.
const LONGEST: Duration = Duration::from_secs(5);
/// How much of it is read and dropped.
const MOST_BYTES: u64 = 1 << 20;
/// How many connections may end so at a time; of the descriptors, a twentieth at most.
const MOST: usize = 256;

/// Ends connections so that the client can read what was written last. To close one with input unread makes the kernel send
/// a reset, upon which the client's kernel drops what has arrived and was not read yet (RFC 1122 §4.2.2.13).
#[derive(Debug)]
pub struct Linger {
    places: Semaphore,
    longest: Duration,
}

impl Linger {
    /// For a process with so many descriptors.
    pub fn new(descriptors: usize) -> Self {
        Self { places: Semaphore::new((descriptors / 20).clamp(1, MOST)), longest: LONGEST }
    }

    /// Shuts our side, then reads and drops what still comes: not for long, not much, and not for too many at a time. The
    /// others are closed at once.
    pub async fn close(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        if stream.shutdown().await.is_err() {
            return;
        }
        let Ok(_place) = self.places.try_acquire() else { return };
        let mut rest = stream.take(MOST_BYTES);
        let _ = tokio::time::timeout(self.longest, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_still_comes_is_read_until_the_client_ends() {
        let (mut client, server) = tokio::io::duplex(16);
        let linger = Linger::new(1024);
        let sends = async {
            // More than the pipe holds: it goes through only if it is read.
            client.write_all(&[0; 1000]).await.expect("it is read");
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.expect("our side is shut");
            drop(client);
        };
        tokio::join!(linger.close(server), sends);
    }

    #[tokio::test]
    async fn a_client_that_never_ends_is_not_waited_for() {
        let (_client, server) = tokio::io::duplex(16);
        Linger { longest: Duration::from_millis(1), ..Linger::new(1024) }.close(server).await;
    }

    #[tokio::test]
    async fn no_more_than_a_mebibyte_is_read() {
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let sent = async {
            let mut sent = 0_u64;
            while client.write_all(&[0; 1 << 10]).await.is_ok() {
                sent += 1 << 10;
            }
            sent
        };
        let linger = Linger::new(1024);
        let ((), sent) = tokio::join!(linger.close(server), sent);
        assert!(sent <= MOST_BYTES + (1 << 17), "{sent}");
    }

    #[tokio::test]
    async fn too_many_at_a_time_are_closed_at_once() {
        let linger = Linger::new(20);
        let (_one, first) = tokio::io::duplex(16);
        let (_two, second) = tokio::io::duplex(16);
        tokio::select! {
            biased;
            () = linger.close(first) => panic!("the first one is waited for"),
            () = linger.close(second) => {}
        }
    }
}
