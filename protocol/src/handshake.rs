//! The opening handshake (RFC 6455 §4), as far as it needs no HTTP library: the accept key of a server, and both messages of
//! a client.

use super::deflate::Agreement;

/// The name of permessage-deflate in `Sec-WebSocket-Extensions` (RFC 7692 §7).
const DEFLATE: &str = "permessage-deflate";

/// The value of `Sec-WebSocket-Accept` that answers this `Sec-WebSocket-Key` (RFC 6455 §4.2.2).
pub fn accept_key(key: &str) -> String {
    tungstenite::handshake::derive_accept_key(key.as_bytes())
}

/// A client's upgrade request. The caller checks that its parts have no control characters.
#[derive(Debug, Clone, Copy)]
pub struct ClientHandshake<'a> {
    /// The server's name, with its port unless it is the usual one.
    pub host: &'a str,
    /// The path, with the query if there is one.
    pub path: &'a str,
    /// The `Sec-WebSocket-Key`: 16 random bytes in base64.
    pub key: &'a str,
    /// Whether to offer permessage-deflate, without parameters.
    pub deflate: bool,
}

/// The answer of a server that has accepted the upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Welcome {
    /// The length of the response in bytes: the server's frames begin behind it.
    pub len: usize,
    /// The agreement on compression, if there is one.
    pub deflate: Option<Agreement>,
}

/// Why a response is no agreement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The status is not 101.
    #[error("the server answered the upgrade request with {0:?}")]
    Refused(String),
    /// `Sec-WebSocket-Accept` is missing or belongs to another key.
    #[error("the server's Sec-WebSocket-Accept is wrong")]
    WrongAccept,
    /// The server agrees on an extension or a parameter that was not offered.
    #[error("the server agreed on {0:?}, which was not offered")]
    NotOffered(String),
}

impl ClientHandshake<'_> {
    /// The upgrade request (RFC 6455 §4.1).
    pub fn request(&self) -> String {
        let Self { host, path, key, deflate } = self;
        let extensions = if *deflate { format!("Sec-WebSocket-Extensions: {DEFLATE}\r\n") } else { String::new() };
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{extensions}\r\n"
        )
    }

    /// Reads the response at the front of `bytes`. `None` means that its end is missing.
    ///
    /// # Errors
    /// The server refused, or its response breaks a rule.
    pub fn response(&self, bytes: &[u8]) -> Option<Result<Welcome, HandshakeError>> {
        let len = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&bytes[..len]);
        Some(self.agreed(&head).map(|deflate| Welcome { len, deflate }))
    }

    fn agreed(&self, head: &str) -> Result<Option<Agreement>, HandshakeError> {
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default();
        if status.split(' ').nth(1) != Some("101") {
            return Err(HandshakeError::Refused(status.to_owned()));
        }
        let fields: Vec<_> = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim())).collect();
        let all = |name: &'static str| {
            fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
        };
        let accept = accept_key(self.key);
        if !all("sec-websocket-accept").any(|value| value == accept) {
            return Err(HandshakeError::WrongAccept);
        }
        let mut agreement = None;
        for extension in all("sec-websocket-extensions").flat_map(|line| line.split(',')).map(str::trim) {
            match deflate(extension).filter(|_| self.deflate && agreement.is_none()) {
                Some(agreed) => agreement = Some(agreed),
                None => return Err(HandshakeError::NotOffered(extension.to_owned())),
            }
        }
        Ok(agreement)
    }
}

/// The parameters in a server's answer to an offer without any (RFC 7692 §7.1). `None` for another extension, and for a
/// parameter that such an offer does not allow.
fn deflate(extension: &str) -> Option<Agreement> {
    let mut parts = extension.split(';').map(str::trim);
    if parts.next() != Some(DEFLATE) {
        return None;
    }
    let mut agreement = Agreement { server_window: 15, server_takeover: true, client_takeover: true };
    for parameter in parts {
        match parameter.split_once('=').map(|(name, value)| (name.trim(), value.trim().trim_matches('"'))) {
            None if parameter == "server_no_context_takeover" => agreement.server_takeover = false,
            None if parameter == "client_no_context_takeover" => agreement.client_takeover = false,
            Some(("server_max_window_bits", bits)) => {
                agreement.server_window = bits.parse().ok().filter(|bits| (8..=15).contains(bits))?;
            }
            _ => return None,
        }
    }
    Some(agreement)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6455 §1.3, and the value that answers it.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn response(deflate: bool, fields: &str) -> Option<Result<Welcome, HandshakeError>> {
        let handshake = ClientHandshake { host: "localhost", path: "/", key: KEY, deflate };
        handshake.response(format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n").as_bytes())
    }

    fn agreed(deflate: bool, extensions: &str) -> Result<Option<Agreement>, HandshakeError> {
        let fields = format!("SEC-WebSocket-Accept: {ACCEPT}\r\nSec-WebSocket-Extensions: {extensions}\r\n");
        response(deflate, &fields).expect("the response is whole").map(|welcome| welcome.deflate)
    }

    #[test]
    fn the_key_of_the_standard_has_the_accept_key_of_the_standard() {
        assert_eq!(accept_key(KEY), ACCEPT);
    }

    #[test]
    fn a_request_asks_for_the_path_and_offers_compression_if_it_is_told_to() {
        let handshake = ClientHandshake { host: "localhost:1", path: "/a?b", key: KEY, deflate: true };
        let request = handshake.request();
        assert!(request.starts_with("GET /a?b HTTP/1.1\r\nHost: localhost:1\r\n"), "{request}");
        assert!(request.ends_with("Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"), "{request}");
        let request = ClientHandshake { deflate: false, ..handshake }.request();
        assert!(request.ends_with("Sec-WebSocket-Version: 13\r\n\r\n"), "{request}");
    }

    #[test]
    fn a_response_is_read_when_it_is_complete() {
        let head = format!("HTTP/1.1 101 Switching Protocols\r\nSEC-WebSocket-Accept: {ACCEPT}\r\n\r\n");
        let handshake = ClientHandshake { host: "localhost", path: "/", key: KEY, deflate: false };
        assert_eq!(handshake.response(&head.as_bytes()[..head.len() - 1]), None);
        let with_frame = format!("{head}\u{1}x");
        assert_eq!(handshake.response(with_frame.as_bytes()), Some(Ok(Welcome { len: head.len(), deflate: None })));
    }

    #[test]
    fn a_refusal_and_a_wrong_key_are_errors() {
        let handshake = ClientHandshake { host: "localhost", path: "/", key: KEY, deflate: false };
        let refused = handshake.response(b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
        assert_eq!(refused, Some(Err(HandshakeError::Refused("HTTP/1.1 503 Service Unavailable".to_owned()))));
        assert_eq!(response(false, "Sec-WebSocket-Accept: x\r\n"), Some(Err(HandshakeError::WrongAccept)));
        assert_eq!(response(false, ""), Some(Err(HandshakeError::WrongAccept)));
    }

    #[test]
    fn compression_is_agreed_on_with_its_parameters() {
        let plain = Agreement { server_window: 15, server_takeover: true, client_takeover: true };
        assert_eq!(agreed(true, "permessage-deflate"), Ok(Some(plain)));
        let all = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=\"10\"";
        let agreement = Agreement { server_window: 10, server_takeover: false, client_takeover: false };
        assert_eq!(agreed(true, all), Ok(Some(agreement)));
    }

    #[test]
    fn an_extension_that_was_not_offered_is_an_error() {
        assert!(agreed(false, "permessage-deflate").is_err());
        for extension in ["x", "permessage-deflate; client_max_window_bits=9", "permessage-deflate; server_max_window_bits=16"] {
            assert_eq!(agreed(true, extension), Err(HandshakeError::NotOffered(extension.to_owned())));
        }
        assert!(agreed(true, "permessage-deflate, permessage-deflate").is_err());
    }
}
