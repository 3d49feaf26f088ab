//! Bad behaviour on a raw connection: resets, partial data, and frames that no client would send.

use std::io::{BufRead, Error, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use super::client::Client;
use super::host::Host;
use super::http::{Raw, text_frame, upgrade};

impl Raw {
    /// Connects to the probe and joins. Returns its id.
    pub fn join(address: &str) -> (Self, u64) {
        let mut raw = Self::connect(address);
        raw.says(upgrade("/", &[]).as_bytes());
        assert_eq!(raw.head().status, 101);
        let joined = raw.hears();
        let id = joined.strip_prefix("joined ").and_then(|id| id.parse().ok());
        (raw, id.unwrap_or_else(|| panic!("not {joined:?} but a join")))
    }

    /// Sends a text to the probe and returns its answer. Notices of joins and leaves are skipped.
    pub fn asks(&mut self, text: &str) -> String {
        self.says(&text_frame(text));
        loop {
            let told = self.hears();
            if !is_news(&told) {
                return told;
            }
        }
    }

    /// Sends bytes, if the server still takes them.
    pub fn tries(&mut self, bytes: &[u8]) -> bool {
        match self.stream.get_mut().write_all(bytes) {
            Err(error) if is_late(&error) => panic!("the other side takes bytes or ends the connection"),
            result => result.is_ok(),
        }
    }

    /// Waits for a byte, at most for this time. Returns whether one came.
    pub fn hears_within(&mut self, time: Duration) -> bool {
        self.stream.get_mut().set_read_timeout(Some(time)).expect("the socket has a timeout");
        let heard = self.stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
        self.stream.get_mut().set_read_timeout(Some(Duration::from_secs(60))).expect("the socket has a timeout");
        heard
    }

    /// Waits for a byte or for the end, at most for this time. Returns whether the connection has ended.
    pub fn ends_within(&mut self, time: Duration) -> bool {
        self.stream.get_mut().set_read_timeout(Some(time)).expect("the socket has a timeout");
        match self.stream.fill_buf() {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => !is_late(&error),
        }
    }

    /// Has the kernel keep only some 100 kB that are not read yet.
    pub fn buffers_little(&self) {
        let socket = socket2::SockRef::from(self.stream.get_ref());
        socket.set_recv_buffer_size(64 << 10).expect("the socket has a buffer");
    }

    /// The next chunk of a body in chunks, empty at its end.
    pub fn chunk(&mut self) -> Vec<u8> {
        let mut size = String::new();
        self.stream.read_line(&mut size).expect("a chunk comes");
        let size = usize::from_str_radix(size.trim_end(), 16).expect("its size is a number");
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).expect("the chunk is whole");
        chunk.truncate(size);
        chunk
    }

    /// Waits for the end of the connection in the middle of a body in chunks.
    pub fn is_cut(&mut self) {
        assert!(!self.rest().ends_with(b"\r\n0\r\n\r\n"), "the body has no end");
    }

    /// Ends its sending side.
    pub fn sends_no_more(&mut self) {
        // The server may have ended the connection already.
        let _ = self.stream.get_mut().shutdown(Shutdown::Write);
    }

    /// Reads until the connection ends, in order or not, and returns the bytes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if is_late(&error) => panic!("the connection ends"),
            _ => rest,
        }
    }

    /// Ends the connection by a reset.
    pub fn resets(self) {
        let socket = socket2::SockRef::from(self.stream.get_ref());
        socket.set_linger(Some(Duration::ZERO)).expect("the socket can be told not to linger");
    }
}

fn is_late(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A frame with this first byte, masked with zeros.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(0x80 | u8::try_from(len).expect("it is less than 126")),
        len @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(len).expect("it is less than 65,536").to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// The probe serves a new client, and it is the only one: all earlier clients have left.
pub async fn is_alone_and_served(host: &Host) {
    let (mut newcomer, id) = Client::join(host).await;
    assert_eq!(asks(&mut newcomer, "say here").await, "here");
    // The host notices the leavers one by one.
    let alone = async { while asks(&mut newcomer, "list").await != format!("[{id}] of 1") {} };
    tokio::time::timeout(Duration::from_secs(30), alone).await.expect("leavers are removed within half a minute");
    newcomer.leaves(1000, "").await;
}

/// Sends a text to the probe and returns its answer. Notices of joins and leaves are skipped.
pub async fn asks(client: &mut Client, text: &str) -> String {
    client.says(text).await;
    loop {
        let told = client.hears().await;
        if !is_news(&told) {
            return told;
        }
    }
}

fn is_news(told: &str) -> bool {
    told.starts_with("joined ") || told.starts_with("left ")
}
