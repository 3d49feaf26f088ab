//! The PROXY protocol, versions 1 and 2: a proxy sends the client's address in front of the client's first byte.

use std::io;
use std::net::SocketAddr;

use proxy_header::{Error, ParseConfig, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// The longest header, in bytes. Addresses need 52 bytes at most; proxies add other fields, such as a certificate's name.
const MAX_BYTES: usize = 4096;

/// The bytes received so far.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// A header of this length, with the client's address. A proxy's health check names none.
    Header(usize, Option<SocketAddr>),
    /// The beginning of a header.
    Part,
    /// Something else.
    Nonsense,
}

/// Reads the header and not a byte more: the rest belongs to the client.
///
/// # Errors
/// The connection does not begin with a header, or ends within it.
pub async fn read(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        // Peeks first: only a whole header tells where it ends.
        bytes.resize(MAX_BYTES, 0);
        let come = stream.peek(&mut bytes[before..]).await?;
        if come == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.truncate(before + come);
        let seen = look(&bytes);
        let len = match &seen {
            Seen::Header(len, _) => *len,
            Seen::Part if bytes.len() < MAX_BYTES => bytes.len(),
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
    fn a_header_ends_where_its_length_says() {
        for header in [V1, V2] {
            let client = Some("203.0.113.5:4711".parse().expect("the test's address is valid"));
            assert_eq!(look(&[header, b"GET / HTTP/1.1\r\n"].concat()), Seen::Header(header.len(), client));
            for end in 1..header.len() {
                assert_eq!(look(&header[..end]), Seen::Part, "{end}");
            }
        }
    }

    #[test]
    fn a_proxys_health_check_names_no_client() {
        assert_eq!(look(b"PROXY UNKNOWN\r\n"), Seen::Header(15, None));
        assert_eq!(look(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"), Seen::Header(16, None));
        // HAProxy up to 2.1 names itself in these.
        let named = b"\r\n\r\n\0\r\nQUIT\n\x20\x11\0\x0c\xcb\0\x71\x05\x0a\0\0\x01\x12\x67\0\x50";
        assert_eq!(look(named), Seen::Header(28, None));
    }

    #[test]
    fn a_client_on_a_unix_socket_has_no_address() {
        let paths = [b"\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8".as_slice(), &[0; 216]].concat();
        assert_eq!(look(&paths), Seen::Header(16 + 216, None));
        assert_eq!(look(b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"), Seen::Header(16, None), "of a family that is not said");
    }

    #[test]
    fn other_bytes_are_not_a_header() {
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
