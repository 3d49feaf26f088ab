//! The PROXY protocol, versions 1 and 2: in front of all that the client sends, a proxy says who the client is.

use std::io;
use std::net::SocketAddr;

use proxy_header::{Error, ParseConfig, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// The longest header. An address needs 52 bytes at most; the rest is what proxies add, certificates' names say.
const LONGEST: usize = 4096;

/// What the bytes seen so far are.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// A header of this length, and who the client is, if it says so. A proxy's own health check does not.
    Header(usize, Option<SocketAddr>),
    /// The beginning of one.
    Part,
    /// Something else.
    Nonsense,
}

/// Reads the header and not a byte more: what follows is the client's.
///
/// # Errors
/// There is none, or the connection ends before it does.
pub async fn read(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        // Peeked first, since only the whole header tells where it ends.
        bytes.resize(LONGEST, 0);
        let come = stream.peek(&mut bytes[before..]).await?;
        if come == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.truncate(before + come);
        let seen = look(&bytes);
        let len = match &seen {
            Seen::Header(len, _) => *len,
            Seen::Part if bytes.len() < LONGEST => bytes.len(),
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "it does not begin with a header of the PROXY protocol")),
        };
        stream.read_exact(&mut bytes[before..len]).await?;
        if let Seen::Header(_, client) = seen {
            return Ok(client);
        }
    }
}

fn look(bytes: &[u8]) -> Seen {
    match ProxyHeader::parse(bytes, ParseConfig { include_tlvs: false, allow_v1: true, allow_v2: true }) {
        Ok((header, len)) => {
            let source = header.proxied_address().map(|address| address.source);
            Seen::Header(len, source.map(|source| SocketAddr::new(source.ip().to_canonical(), source.port())))
        }
        Err(Error::BufferTooShort) => Seen::Part,
        Err(_) => Seen::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &[u8] = b"PROXY TCP4 203.0.113.5 10.0.0.1 4711 80\r\n";
    const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xcb\0\x71\x05\x0a\0\0\x01\x12\x67\0\x50\x04\0\0";

    #[test]
    fn a_header_is_known_by_its_whole_length_whatever_follows() {
        for header in [V1, V2] {
            let client = Some("203.0.113.5:4711".parse().expect("the test's address is one"));
            assert_eq!(look(&[header, b"GET / HTTP/1.1\r\n"].concat()), Seen::Header(header.len(), client));
            for end in 1..header.len() {
                assert_eq!(look(&header[..end]), Seen::Part, "{end}");
            }
        }
    }

    #[test]
    fn a_proxys_own_check_names_no_client() {
        assert_eq!(look(b"PROXY UNKNOWN\r\n"), Seen::Header(15, None));
        assert_eq!(look(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"), Seen::Header(16, None));
    }

    #[test]
    fn anything_else_is_none() {
        let long = [b"PROXY TCP4 ".as_slice(), &[b'1'; 120]].concat();
        for nonsense in [
            b"GET / HTTP/1.1\r\n".as_slice(),
            b"PROXY TCP9 a b c d\r\n",
            b"PROXY TCP4 x y 1 2\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c",
            &long,
        ] {
            assert_eq!(look(nonsense), Seen::Nonsense, "{}", nonsense.escape_ascii());
        }
    }
}
