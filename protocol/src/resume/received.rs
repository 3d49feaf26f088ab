//! The count of received messages, and when the other side is told.

/// At most this many messages or bytes, whichever comes first, are received before the other side is told.
pub const CONFIRM_AFTER: (u64, usize) = (32, 16 << 10);

/// The count of the other side's messages in this session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Received {
    /// The number of the last one; the first is 1.
    number: u64,
    /// The number that the other side was told last.
    told: u64,
    /// The bytes received since.
    bytes: usize,
}

impl Received {
    /// The number of messages.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// A message of this many bytes has come.
    pub(super) fn count(&mut self, bytes: usize) {
        self.number += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether the other side is to be told now. The owner also tells it of any message within a second or two.
    pub(super) fn is_due(&self) -> bool {
        self.number - self.told >= CONFIRM_AFTER.0 || self.bytes >= CONFIRM_AFTER.1
    }

    /// Whether the other side does not know of all.
    pub(super) fn has_news(&self) -> bool {
        self.number > self.told
    }

    /// The number, which the other side is told now.
    pub(super) fn tell(&mut self) -> u64 {
        (self.told, self.bytes) = (self.number, 0);
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_is_due_after_some_messages_or_some_bytes() {
        let mut received = Received::default();
        (1..CONFIRM_AFTER.0).for_each(|_| received.count(1));
        assert!(!received.is_due() && received.has_news());
        received.count(1);
        assert!(received.is_due());
        assert_eq!(received.tell(), 32);
        assert!(!received.is_due() && !received.has_news());
        received.count(CONFIRM_AFTER.1);
        assert!(received.is_due());
    }
}
