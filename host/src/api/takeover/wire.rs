//! Messages and descriptors on a Unix stream socket.
//!
//! A message is its length in four bytes, the highest first, and JSON. Descriptors go with its first byte.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::retry_on_intr;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most descriptors of one message. Linux takes 253.
pub const MAX_DESCRIPTORS: usize = 64;
/// The most bytes of one message. The largest one describes 64 sockets.
const MAX_BYTES: usize = 256 << 10;
/// The most descriptors of one connection that wait to be taken: no server listens at more places.
const MAX_WAITING: usize = 4096;
const LENGTH: usize = 4;

/// Writes a message with descriptors in one call. A message is small, so a Unix socket takes it whole.
///
/// # Errors
/// The other side has closed the connection, or does not read.
pub fn send(to: impl AsFd, message: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len()).map_err(|_| ErrorKind::InvalidInput)?.to_be_bytes();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(ErrorKind::InvalidInput.into());
    }
    let parts = [IoSlice::new(&length), IoSlice::new(&json)];
    let sent = retry_on_intr(|| sendmsg(&to, &parts, &mut control, SendFlags::NOSIGNAL))?;
    if sent == LENGTH + json.len() { Ok(()) } else { Err(ErrorKind::WriteZero.into()) }
}

/// The incoming half: bytes and descriptors that make no message yet.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: VecDeque<u8>,
    descriptors: VecDeque<OwnedFd>,
}

impl Incoming {
    /// Reads what is there, in one call. Returns false at the end of the stream.
    ///
    /// # Errors
    /// As recvmsg(2); or the other side sends more descriptors than a server can have.
    pub fn read(&mut self, from: impl AsFd) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received =
            retry_on_intr(|| recvmsg(&from, &mut [IoSliceMut::new(&mut buffer)], &mut control, RecvFlags::CMSG_CLOEXEC))?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        if self.descriptors.len() > MAX_WAITING {
            return Err(wrong("too many descriptors"));
        }
        self.bytes.extend(&buffer[..received.bytes]);
        Ok(received.bytes > 0)
    }

    /// The next whole message.
    ///
    /// # Errors
    /// It is too large, or not as expected.
    pub fn message<M: DeserializeOwned>(&mut self) -> io::Result<Option<M>> {
        let bytes = self.bytes.make_contiguous();
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_BYTES {
            return Err(wrong("a message is too large"));
        }
        let Some(json) = rest.get(..length) else { return Ok(None) };
        let message = serde_json::from_slice(json)?;
        self.bytes.drain(..LENGTH + length);
        Ok(Some(message))
    }

    /// Takes descriptors that have come with messages, in their order.
    ///
    /// # Errors
    /// Fewer have come.
    pub fn take(&mut self, count: usize) -> io::Result<Vec<OwnedFd>> {
        if self.descriptors.len() < count {
            return Err(wrong("a descriptor is missing: the limit of this process may be too low (ulimit -n)"));
        }
        Ok(self.descriptors.drain(..count).collect())
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    use super::*;

    fn next<M: DeserializeOwned>(incoming: &mut Incoming, from: &UnixStream) -> M {
        loop {
            if let Some(message) = incoming.message().expect("the message is right") {
                return message;
            }
            assert!(incoming.read(from).expect("it is read"), "the stream goes on");
        }
    }

    #[test]
    fn a_listening_socket_goes_to_the_other_side_with_its_message() {
        let (here, there) = UnixStream::pair().expect("a pair can be made");
        let sockets: Vec<_> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let address = sockets[1].local_addr().expect("it is bound");
        let descriptors: Vec<_> = sockets.iter().map(AsFd::as_fd).collect();
        send(&here, &"two", &descriptors).expect("it is sent");
        send(&here, &"none", &[]).expect("it is sent");
        drop(sockets);

        let mut incoming = Incoming::default();
        assert_eq!(next::<String>(&mut incoming, &there), "two");
        let mut taken = incoming.take(2).expect("both have come");
        assert_eq!(next::<String>(&mut incoming, &there), "none");
        assert!(incoming.take(1).is_err());
        let listener = TcpListener::from(taken.remove(1));
        let mut client = TcpStream::connect(address).expect("somebody listens");
        let (mut accepted, _) = listener.accept().expect("one waits");
        accepted.write_all(b"x").expect("it is written");
        let mut one = [0];
        client.read_exact(&mut one).expect("it is read");
    }

    #[test]
    fn a_message_in_pieces_is_whole_at_its_last_byte_and_two_in_one_piece_are_two() {
        let (here, there) = UnixStream::pair().expect("a pair can be made");
        let mut bytes = Vec::new();
        for word in ["one", "two"] {
            let json = serde_json::to_vec(word).expect("it is JSON");
            bytes.extend((json.len() as u32).to_be_bytes());
            bytes.extend(json);
        }
        let mut incoming = Incoming::default();
        for byte in &bytes[..8] {
            (&here).write_all(&[*byte]).expect("it is written");
            assert_eq!(incoming.message::<String>().expect("nothing is wrong"), None);
            assert!(incoming.read(&there).expect("it is read"));
        }
        (&here).write_all(&bytes[8..]).expect("it is written");
        assert_eq!([next::<String>(&mut incoming, &there), next(&mut incoming, &there)], ["one", "two"]);
        drop(here);
        assert!(!incoming.read(&there).expect("it is read"), "the end");
    }

    #[test]
    fn a_message_that_is_too_large_or_no_json_is_refused() {
        for bytes in [&[0xff; 8][..], &[0, 0, 0, 1, b'{']] {
            let mut incoming = Incoming::default();
            incoming.bytes.extend(bytes);
            assert!(incoming.message::<String>().is_err());
        }
    }
}
