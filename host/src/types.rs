//! The nouns that every layer talks about: clients, messages and how a connection ends.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use bytestring::ByteString;

pub use crate::close::{CloseCause, CloseInfo};
pub use crate::protocol::Message;

/// The number of one connection.
///
/// The ids of one node start at 1, grow, and are never used again while the server runs. They stay below 2^53,
/// so that JavaScript's numbers hold each of them exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ClientId(u64);

impl ClientId {
    /// The id of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, as the contract and log lines have it.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for ClientId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<ClientId> for u64 {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A connected client, as its upgrade request and the gate describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// The address it connects from.
    pub address: SocketAddr,
    /// The upgrade request's path, query and headers, shared and not copied.
    pub request: Request,
    /// The terms of the gate, if there are any.
    pub agreed: Option<Arc<Agreed>>,
}

/// The gate's terms for a client. They are apart from it, since most clients have none and an idle client is to be small.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The subprotocol (RFC 6455 §1.9).
    pub subprotocol: Option<ByteString>,
    /// The name of the client's user.
    pub user: Option<ByteString>,
}

impl Client {
    /// The subprotocol that was agreed on (RFC 6455 §1.9), if any.
    pub fn subprotocol(&self) -> Option<&str> {
        self.agreed.as_ref()?.subprotocol.as_deref()
    }

    /// The name of its user, if the gate has given one.
    pub fn user(&self) -> Option<&str> {
        self.agreed.as_ref()?.user.as_deref()
    }
}

impl Agreed {
    /// For a client: nothing if it is empty.
    pub(crate) fn shared(self) -> Option<Arc<Self>> {
        (self != Self::default()).then(|| Arc::new(self))
    }
}

/// The network that counts as one address. An IPv6 subscriber gets a /64 at least (RFC 6177) and can use every address in it.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// Whether a header, with its name in lower case, says how a connection goes on or where a body ends (RFC 9110 §7.6.1, RFC 9112 §6). The
/// host sets those itself.
pub(crate) fn is_of_connection(name: &str) -> bool {
    const NAMES: [&str; 8] =
        ["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
    NAMES.contains(&name)
}

/// The path, query and headers of an upgrade request. A clone costs a reference count.
///
/// It is one text. Each client keeps it while it is connected, and a string for each header would take more memory than the
/// rest of an idle connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Path, query, and a name and a value for each header, with a `SEPARATOR` between any two. A name in `COMMON` is stored as
    /// one letter: its position there, from 1 on.
    text: Arc<str>,
}

/// A character that no part of an HTTP request contains. Names contain no control character at all (RFC 9110 §5.1).
const SEPARATOR: char = '\0';

/// The headers that browsers, libraries and proxies send with each upgrade. Their names would be half of a kept request.
const COMMON: [&str; 24] = [
    "host",
    "upgrade",
    "connection",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "origin",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "pragma",
    "cookie",
    "authorization",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "forwarded",
];

impl Request {
    /// A request for this path and query with these headers.
    pub fn new<'a, V: AsRef<str>>(path: &str, query: &str, headers: impl IntoIterator<Item = (&'a str, V)>) -> Self {
        let mut text = String::new();
        let mut add = |part: &str, has_no: fn(char) -> bool| {
            text.extend(part.chars().map(|letter| if has_no(letter) { char::REPLACEMENT_CHARACTER } else { letter }));
            text.push(SEPARATOR);
        };
        let separator = |letter| letter == SEPARATOR;
        add(path, separator);
        add(query, separator);
        for (name, value) in headers {
            match (1_u8..).zip(COMMON).find(|(_, common)| *common == name) {
                Some((position, _)) => add(char::from(position).encode_utf8(&mut [0]), separator),
                None => add(name, char::is_control),
            }
            add(value.as_ref(), separator);
        }
        // The last part has no separator behind it.
        text.pop();
        Self { text: text.into() }
    }

    /// The text as it is kept, for another node.
    pub(crate) fn as_stored(&self) -> &str {
        &self.text
    }

    /// The request that another node has kept as this text.
    pub(crate) fn from_stored(text: &str) -> Self {
        Self { text: text.into() }
    }

    /// The memory of its contents in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The path, percent-encodings in the normal form of RFC 3986 §6.2.2.
    pub fn path(&self) -> &str {
        self.parts().next().unwrap_or_default()
    }

    /// The text behind the `?`, or the empty string.
    pub fn query(&self) -> &str {
        self.parts().nth(1).unwrap_or_default()
    }

    /// The headers in their order, names in lower case. Bytes that are not UTF-8 appear as U+FFFD.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut parts = self.parts().skip(2);
        std::iter::from_fn(move || Some((name(parts.next()?), parts.next()?)))
    }

    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers().find(|(n, _)| *n == name)?;
        Some(value)
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        self.text.split(SEPARATOR)
    }
}

/// A header's name, from its stored form.
fn name(kept: &str) -> &str {
    match kept.as_bytes() {
        [position] => COMMON.get(usize::from(*position).wrapping_sub(1)).copied().unwrap_or(kept),
        _ => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_gives_back_what_it_was_made_of() {
        let headers = [("host", "localhost"), ("x-empty", ""), ("x-twice", "1"), ("x-twice", "2")];
        let request = Request::new("/room", "", headers);
        assert_eq!((request.path(), request.query()), ("/room", ""));
        assert_eq!(request.headers().collect::<Vec<_>>(), headers);
        assert_eq!((request.header("x-twice"), request.header("x-empty"), request.header("x")), (Some("1"), Some(""), None));
        let bare = Request::new("", "a=1", [] as [(&str, &str); 0]);
        assert_eq!((bare.path(), bare.query(), bare.headers().count()), ("", "a=1", 0));
    }

    #[test]
    fn common_names_are_kept_as_a_letter_each_and_come_back_as_they_were() {
        let request = Request::new("/", "", COMMON.map(|name| (name, name)));
        assert_eq!(request.headers().collect::<Vec<_>>(), COMMON.map(|name| (name, name)));
        assert_eq!(request.header("forwarded"), Some("forwarded"));
        let values: usize = COMMON.iter().map(|name| name.len() + 3).sum();
        assert_eq!(request.text.len(), "/\0".len() + values);
    }

    #[test]
    fn no_part_of_a_request_can_pass_for_another() {
        let request = Request::new("/a\0b", "c\0d", [("n\0m", "v\0w")]);
        assert_eq!((request.path(), request.query()), ("/a\u{FFFD}b", "c\u{FFFD}d"));
        assert_eq!(request.headers().collect::<Vec<_>>(), [("n\u{FFFD}m", "v\u{FFFD}w")]);
        let request = Request::new("/", "", [("\u{1}", "a host of its own"), ("x", "\u{1}")]);
        assert_eq!(request.headers().collect::<Vec<_>>(), [("\u{FFFD}", "a host of its own"), ("x", "\u{1}")]);
    }
}
