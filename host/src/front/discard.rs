//! Ends a connection whose client may still be sending.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Semaphore;

/// How long the rest of what a client sends is read: several round trips, on a slow network too.
const MAX_TIME: Duration = Duration::from_secs(5);
/// How much of it is read.
const MAX_BYTES: u64 = 1 << 20;
/// How many connections are read at a time. They take at most a twentieth of the descriptors.
const MAX_CONNECTIONS: usize = 256;

/// Reads and drops what a refused client still sends, so that the client can read the refusal. Closing a socket with unread
/// input makes the kernel send a reset, and the client's kernel then drops what it has received (RFC 1122 §4.2.2.13).
#[derive(Debug)]
pub struct Discard {
    permits: Semaphore,
    max_time: Duration,
}

impl Discard {
    /// For a process that may have this number of descriptors.
    pub fn new(descriptors: usize) -> Self {
        Self { permits: Semaphore::new((descriptors / 20).clamp(1, MAX_CONNECTIONS)), max_time: MAX_TIME }
    }

    /// Shuts our side, then reads what still comes, up to the limits above. A connection without a permit is closed at once.
    pub async fn close(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        if stream.shutdown().await.is_err() {
            return;
        }
        let Ok(_permit) = self.permits.try_acquire() else { return };
        let mut rest = stream.take(MAX_BYTES);
        let _ = tokio::time::timeout(self.max_time, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn input_is_read_until_the_client_ends() {
        let (mut client, server) = tokio::io::duplex(16);
        let discard = Discard::new(1024);
        let sends = async {
            // More than the pipe holds: it goes through only if it is read.
            client.write_all(&[0; 1000]).await.expect("it is read");
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.expect("our side is shut");
            drop(client);
        };
        tokio::join!(discard.close(server), sends);
    }

    #[tokio::test]
    async fn a_client_that_never_ends_is_not_waited_for() {
        let (_client, server) = tokio::io::duplex(16);
        Discard { max_time: Duration::from_millis(1), ..Discard::new(1024) }.close(server).await;
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
        let discard = Discard::new(1024);
        let ((), sent) = tokio::join!(discard.close(server), sent);
        assert!(sent <= MAX_BYTES + (1 << 17), "{sent}");
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_are_closed_at_once() {
        let discard = Discard::new(20);
        let (_one, first) = tokio::io::duplex(16);
        let (_two, second) = tokio::io::duplex(16);
        tokio::select! {
            biased;
            () = discard.close(first) => panic!("the first one is waited for"),
            () = discard.close(second) => {}
        }
    }
}
