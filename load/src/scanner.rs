//! Reads the headers of a server's frames, and skips their payloads.

/// The longest payload of a control frame (RFC 6455 §5.5).
const MAX_CONTROL: u64 = 125;

/// The position of a connection in its stream of frames.
#[derive(Debug, Default)]
pub struct Scanner {
    /// The beginning of an incomplete header.
    header: [u8; 10],
    have: usize,
    /// The first byte of the current frame, and the missing bytes of its payload.
    first: u8,
    left: u64,
    control: Vec<u8>,
}

/// The contents of some bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Completed messages.
    pub messages: u32,
    /// Payloads of pings, to be answered.
    pub pings: Vec<Vec<u8>>,
    /// The code of a close frame, 1005 if it has none.
    pub closed: Option<u16>,
}

impl Scanner {
    /// Reads the next bytes. Fails on frames that no server may send.
    pub fn scan(&mut self, mut bytes: &[u8], seen: &mut Seen) -> Result<(), &'static str> {
        loop {
            if self.left > 0 {
                let taken = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                if self.is_control() {
                    self.control.extend_from_slice(&bytes[..taken]);
                }
                self.left -= taken as u64;
                bytes = &bytes[taken..];
                if self.left > 0 {
                    return Ok(());
                }
                self.end(seen);
            }
            if bytes.is_empty() {
                return Ok(());
            }
            bytes = self.take_header(bytes, seen)?;
        }
    }

    /// Reads the available bytes of a header. Begins the frame when it is complete.
    fn take_header<'a>(&mut self, bytes: &'a [u8], seen: &mut Seen) -> Result<&'a [u8], &'static str> {
        let mut taken = 0;
        loop {
            let needed = if self.have < 2 { 2 } else { header_len(self.header[1])? };
            if self.have >= 2 && self.have == needed {
                self.begin(needed)?;
                if self.left == 0 {
                    self.end(seen);
                }
                return Ok(&bytes[taken..]);
            }
            if taken == bytes.len() {
                return Ok(&[]);
            }
            let more = (needed - self.have).min(bytes.len() - taken);
            self.header[self.have..self.have + more].copy_from_slice(&bytes[taken..taken + more]);
            self.have += more;
            taken += more;
        }
    }

    fn begin(&mut self, header_len: usize) -> Result<(), &'static str> {
        self.have = 0;
        self.first = self.header[0];
        let len = &self.header[2..header_len];
        self.left = match len.len() {
            0 => u64::from(self.header[1]),
            _ => len.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        if self.is_control() && self.left > MAX_CONTROL {
            return Err("the server sent a control frame that is too long");
        }
        Ok(())
    }

    fn end(&mut self, seen: &mut Seen) {
        let is_last = self.first & 0x80 != 0;
        match self.first & 0xf {
            0x0..=0x2 => seen.messages += u32::from(is_last),
            0x8 => seen.closed = Some(self.control.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
            0x9 => seen.pings.push(self.control.clone()),
            _ => {}
        }
        self.control.clear();
    }

    fn is_control(&self) -> bool {
        self.first & 0x8 != 0
    }
}

/// The length of a header by its second byte.
fn header_len(second: u8) -> Result<usize, &'static str> {
    match second {
        0..126 => Ok(2),
        126 => Ok(4),
        127 => Ok(10),
        128.. => Err("the server sent a masked frame"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text in two frames around a ping, a binary message of 300 bytes, an empty text, one of 70,000, a close frame.
    fn stream() -> Vec<u8> {
        let mut bytes = b"\x01\x02he\x89\x01!\x80\x03llo\x82\x7e\x01\x2c".to_vec();
        bytes.extend([7; 300]);
        bytes.extend(b"\x81\0\x81\x7f\0\0\0\0\0\x01\x11\x70");
        bytes.extend([b'a'; 70_000]);
        bytes.extend(b"\x88\x02\x03\xe8");
        bytes
    }

    #[test]
    fn messages_pings_and_the_end_are_seen_however_the_bytes_come() {
        let expected = Seen { messages: 4, pings: vec![b"!".to_vec()], closed: Some(1000) };
        for piece in [1, 2, 3, 7, 100, 65_536, 100_000] {
            let (mut scanner, mut seen) = (Scanner::default(), Seen::default());
            for bytes in stream().chunks(piece) {
                scanner.scan(bytes, &mut seen).expect("the frames are good");
            }
            assert_eq!(seen, expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn invalid_frames_of_a_server_are_refused() {
        assert!(Scanner::default().scan(b"\x81\x85", &mut Seen::default()).is_err());
        assert!(Scanner::default().scan(b"\x89\x7e\x01\0", &mut Seen::default()).is_err());
    }
}
