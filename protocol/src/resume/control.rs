//! The messages of the protocol. Each has one byte in front, which tells its kind.

use std::fmt::Write as _;
use std::str::{FromStr, SplitAsciiWhitespace};
use std::time::Duration;

use bytestring::ByteString;

use super::{Breach, Fresh, Token};
use crate::Message;
#[cfg(doc)]
use crate::encode::write_message;
use crate::encode::{message_header, message_len, read_message};

/// The byte in front of a message of the application, text or binary.
pub const MESSAGE: u8 = b'.';
/// The longest message of the protocol in bytes.
pub const MAX_BYTES: usize = 256;
/// The longest payload of a ping.
const MAX_PING: usize = 32;
/// The longest handle.
const MAX_HANDLE: usize = 64;
const VERSION: &str = "1";

/// A client's first message on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// The token of its session, unless it begins one.
    pub token: Option<Token>,
    /// The messages that it has received in that session.
    pub received: u64,
}

/// The host's answer to a hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Welcome {
    /// The token for the next line.
    pub token: Token,
    /// The messages that the host has received in this session.
    pub received: u64,
    /// Why the session begins anew; `None` if it goes on.
    pub fresh: Option<Fresh>,
}

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromClient {
    /// A message of the application.
    Message(Message),
    /// Its first message on a line.
    Hello(Hello),
    /// It has received the messages up to this number.
    Received(u64),
    /// It asks whether the line is alive: browsers cannot send pings of RFC 6455 §5.5.2.
    Ping(ByteString),
}

/// A message of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromHost {
    /// A message of the application.
    Message(Message),
    /// The answer to a hello.
    Welcome {
        /// The name by which the next line asks for the session: 1 to 64 letters, digits, `-`, `.`, `_` and `~`.
        handle: ByteString,
        /// How long the host keeps the session without a line, in whole milliseconds.
        keep: Duration,
        /// The state of the session.
        welcome: Welcome,
    },
    /// The host has received the messages up to this number.
    Received(u64),
    /// The answer to a ping, with its payload.
    Pong(ByteString),
    /// The host goes away. The client is to come back after this time, in whole milliseconds.
    Away(Duration),
}

/// Puts the byte of an application's message in front of it. The payload is copied.
#[must_use]
pub fn wrap(message: &Message) -> Message {
    match message {
        Message::Text(text) => {
            let mut wrapped = String::with_capacity(1 + text.len());
            wrapped.push(char::from(MESSAGE));
            wrapped.push_str(text);
            Message::text(wrapped)
        }
        Message::Binary(data) => Message::binary([&[MESSAGE], &data[..]].concat()),
    }
}

/// The same for a message's frame as [`write_message`] has written it.
#[must_use]
pub fn wrap_frame(frame: &[u8]) -> Vec<u8> {
    let (text, payload) = read_message(frame);
    let mut wrapped = Vec::with_capacity(message_len(1 + payload.len()));
    wrapped.extend_from_slice(&message_header(text, 1 + payload.len()));
    wrapped.push(MESSAGE);
    wrapped.extend_from_slice(payload);
    wrapped
}

/// A message without the byte in front, or the text of one of the protocol.
enum Unwrapped {
    Message(Message),
    Control(char, ByteString),
}

fn unwrap(message: Message) -> Result<Unwrapped, Breach> {
    match message {
        Message::Binary(data) if data.first() == Some(&MESSAGE) => Ok(Unwrapped::Message(Message::Binary(data.slice(1..)))),
        Message::Binary(_) => Err(Breach::UnknownKind),
        Message::Text(text) => {
            let kind = text.chars().next().filter(char::is_ascii).ok_or(Breach::UnknownKind)?;
            let rest = text.slice_ref(&text[1..]);
            if kind == char::from(MESSAGE) {
                return Ok(Unwrapped::Message(Message::Text(rest)));
            }
            if text.len() > MAX_BYTES { Err(Breach::Malformed) } else { Ok(Unwrapped::Control(kind, rest)) }
        }
    }
}

impl FromClient {
    /// Reads a message of a client.
    ///
    /// # Errors
    /// It has no known kind, or is malformed.
    pub fn read(message: Message) -> Result<Self, Breach> {
        let (kind, text) = match unwrap(message)? {
            Unwrapped::Message(message) => return Ok(Self::Message(message)),
            Unwrapped::Control(kind, text) => (kind, text),
        };
        match kind {
            'h' => Hello::read(&text).map(Self::Hello),
            'r' => Fields::of(&text).last().map(Self::Received),
            'p' if text.len() <= MAX_PING => Ok(Self::Ping(text)),
            'p' => Err(Breach::Malformed),
            _ => Err(Breach::UnknownKind),
        }
    }

    /// Writes it as the payload of a WebSocket message.
    #[must_use]
    pub fn write(&self) -> Message {
        match self {
            Self::Message(message) => wrap(message),
            Self::Hello(Hello { token: Some(token), received }) => Message::text(format!("h{VERSION} {token} {received}")),
            Self::Hello(Hello { token: None, received }) => Message::text(format!("h{VERSION} - {received}")),
            Self::Received(number) => Message::text(format!("r{number}")),
            Self::Ping(payload) => Message::text(format!("p{payload}")),
        }
    }
}

impl FromHost {
    /// Reads a message of the host.
    ///
    /// # Errors
    /// It has no known kind, or is malformed.
    pub fn read(message: Message) -> Result<Self, Breach> {
        let (kind, text) = match unwrap(message)? {
            Unwrapped::Message(message) => return Ok(Self::Message(message)),
            Unwrapped::Control(kind, text) => (kind, text),
        };
        match kind {
            'w' => Self::read_welcome(&text),
            'r' => Fields::of(&text).last().map(Self::Received),
            'q' => Ok(Self::Pong(text)),
            'a' => Fields::of(&text).last().map(|millis| Self::Away(Duration::from_millis(millis))),
            _ => Err(Breach::UnknownKind),
        }
    }

    /// Writes it as the payload of a WebSocket message.
    #[must_use]
    pub fn write(&self) -> Message {
        match self {
            Self::Message(message) => wrap(message),
            Self::Welcome { handle, keep, welcome: Welcome { token, received, fresh } } => {
                let mut text = format!("w{VERSION} {handle} {token} {received} {} ", keep.as_millis());
                match fresh {
                    None => text.push_str("resumed"),
                    // A `String` takes all that is written to it.
                    Some(reason) => drop(write!(text, "fresh {}", reason.word())),
                }
                Message::text(text)
            }
            Self::Received(number) => Message::text(format!("r{number}")),
            Self::Pong(payload) => Message::text(format!("q{payload}")),
            Self::Away(time) => Message::text(format!("a{}", time.as_millis())),
        }
    }

    fn read_welcome(text: &str) -> Result<Self, Breach> {
        let mut fields = Fields::versioned(text)?;
        let handle = fields.word()?;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if handle.len() > MAX_HANDLE || !handle.bytes().all(is_allowed) {
            return Err(Breach::Malformed);
        }
        let (token, received, keep) = (fields.next()?, fields.next()?, Duration::from_millis(fields.next()?));
        let fresh = match fields.word()? {
            "resumed" => None,
            "fresh" => {
                let word = fields.word()?;
                // A reason of a later host is still one.
                Some(Fresh::ALL.into_iter().find(|reason| reason.word() == word).unwrap_or(Fresh::Unknown))
            }
            _ => return Err(Breach::Malformed),
        };
        fields.end()?;
        Ok(Self::Welcome { handle: handle.into(), keep, welcome: Welcome { token, received, fresh } })
    }
}

impl Hello {
    fn read(text: &str) -> Result<Self, Breach> {
        let mut fields = Fields::versioned(text)?;
        let token = match fields.word()? {
            "-" => None,
            token => Some(token.parse()?),
        };
        Ok(Self { token, received: fields.last()? })
    }
}

/// The fields of a message, with a space between two of them.
struct Fields<'a>(SplitAsciiWhitespace<'a>);

impl<'a> Fields<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.split_ascii_whitespace())
    }

    /// The fields behind the version.
    fn versioned(text: &'a str) -> Result<Self, Breach> {
        let mut fields = Self::of(text);
        if fields.word()? == VERSION { Ok(fields) } else { Err(Breach::Version) }
    }

    fn word(&mut self) -> Result<&'a str, Breach> {
        self.0.next().ok_or(Breach::Malformed)
    }

    fn next<T: FromStr>(&mut self) -> Result<T, Breach> {
        self.word()?.parse().map_err(|_| Breach::Malformed)
    }

    fn last<T: FromStr>(mut self) -> Result<T, Breach> {
        let value = self.next()?;
        self.end().map(|()| value)
    }

    fn end(mut self) -> Result<(), Breach> {
        self.0.next().map_or(Ok(()), |_| Err(Breach::Malformed))
    }
}
