//! Messages, owned and borrowed.

use std::borrow::Cow;

use crate::bindings::app::ws_host::server::types::{MessageParam, MessageResult};

/// One whole WebSocket message, as a handler receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text message. A browser receives it as a string.
    Text(String),
    /// A binary message. A browser receives it as a `Blob` or an `ArrayBuffer`.
    Binary(Vec<u8>),
}

impl Message {
    /// Returns the text, or `None` if the message is binary.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// Returns the payload of either kind. The bytes of a text are its UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl From<MessageResult> for Message {
    fn from(message: MessageResult) -> Self {
        match message {
            MessageResult::Text(text) => Self::Text(text),
            MessageResult::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// A message with a borrowed payload. The host reads the payload in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageRef<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

impl<'a> From<MessageRef<'a>> for MessageParam<'a> {
    fn from(message: MessageRef<'a>) -> Self {
        match message {
            MessageRef::Text(text) => Self::Text(text),
            MessageRef::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

#[cfg(not(target_family = "wasm"))]
impl From<MessageParam<'_>> for Message {
    fn from(message: MessageParam<'_>) -> Self {
        match message {
            MessageParam::Text(text) => text.into(),
            MessageParam::Binary(bytes) => bytes.into(),
        }
    }
}

/// A value that can be sent as a message without a copy in the guest, by value or by reference.
///
/// Strings are sent as text, bytes as binary; a [`Message`] keeps its kind.
pub trait AsMessage {
    /// Returns the message to send.
    fn as_message(&self) -> MessageRef<'_>;
}

impl AsMessage for MessageRef<'_> {
    fn as_message(&self) -> MessageRef<'_> {
        *self
    }
}

impl AsMessage for Message {
    fn as_message(&self) -> MessageRef<'_> {
        match self {
            Self::Text(text) => MessageRef::Text(text),
            Self::Binary(bytes) => MessageRef::Binary(bytes),
        }
    }
}

impl AsMessage for str {
    fn as_message(&self) -> MessageRef<'_> {
        MessageRef::Text(self)
    }
}

impl AsMessage for Cow<'_, str> {
    fn as_message(&self) -> MessageRef<'_> {
        MessageRef::Text(self)
    }
}

impl AsMessage for String {
    fn as_message(&self) -> MessageRef<'_> {
        MessageRef::Text(self)
    }
}

impl AsMessage for [u8] {
    fn as_message(&self) -> MessageRef<'_> {
        MessageRef::Binary(self)
    }
}

impl<const N: usize> AsMessage for [u8; N] {
    fn as_message(&self) -> MessageRef<'_> {
        MessageRef::Binary(self)
    }
}

impl AsMessage for Vec<u8> {
    fn as_message(&self) -> MessageRef<'_> {
        MessageRef::Binary(self)
    }
}

impl<T: AsMessage + ?Sized> AsMessage for &T {
    fn as_message(&self) -> MessageRef<'_> {
        (**self).as_message()
    }
}

#[cfg(test)]
mod tests {
    use super::{AsMessage, Message, MessageRef};

    fn sent(message: &(impl AsMessage + ?Sized)) -> MessageRef<'_> {
        message.as_message()
    }

    #[test]
    fn strings_are_sent_as_text_and_bytes_as_binary() {
        assert_eq!(sent("hello"), MessageRef::Text("hello"));
        assert_eq!(sent(&String::from("hello")), MessageRef::Text("hello"));
        assert_eq!(sent(b"\0\x01"), MessageRef::Binary(&[0, 1]));
        assert_eq!(sent(&vec![0, 1]), MessageRef::Binary(&[0, 1]));
        assert_eq!(sent(&[0, 1][..]), MessageRef::Binary(&[0, 1]));
    }

    #[test]
    fn a_message_is_sent_with_its_own_kind() {
        assert_eq!(sent(&Message::from("hello")), MessageRef::Text("hello"));
        assert_eq!(sent(&&Message::from(vec![1])), MessageRef::Binary(&[1]));
    }

    #[test]
    fn sending_borrows_the_payload() {
        let text = String::from("hello");
        let MessageRef::Text(borrowed) = sent(&text) else {
            panic!("text became binary");
        };
        assert!(std::ptr::eq(borrowed, text.as_str()));
    }

    #[test]
    fn only_text_has_text_but_both_kinds_have_bytes() {
        assert_eq!(Message::from("hi").as_text(), Some("hi"));
        assert_eq!(Message::from(vec![104, 105]).as_text(), None);
        assert_eq!(Message::from("hi").as_bytes(), Message::from(&b"hi"[..]).as_bytes());
    }
}
