//! The messages that one side has sent and the other has not confirmed.

use std::collections::VecDeque;

use super::Breach;

/// How much one side keeps for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of messages that are not confirmed.
    pub bytes: usize,
    /// Their number, since an empty message takes memory too.
    pub messages: usize,
}

impl Default for Limits {
    /// 256 KiB and 4,096 messages.
    fn default() -> Self {
        Self { bytes: 256 << 10, messages: 4096 }
    }
}

/// The messages of this session that are not confirmed, the oldest first.
#[derive(Debug, Clone)]
pub(super) struct Sent<T> {
    /// Boxed, and absent while it is empty: an idle session holds no buffer, and is small.
    #[expect(clippy::box_collection, reason = "a host has very many idle sessions")]
    kept: Option<Box<VecDeque<(T, usize)>>>,
    bytes: usize,
    /// The number of the last message; the first is 1.
    last: u64,
    /// The number of the last one that the other side has confirmed.
    confirmed: u64,
    limits: Limits,
}

impl<T> Sent<T> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { kept: None, bytes: 0, last: 0, confirmed: 0, limits }
    }

    /// The bytes that are kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a message.
    pub(super) fn push(&mut self, item: T, bytes: usize) {
        self.last += 1;
        self.bytes += bytes;
        self.kept.get_or_insert_default().push_back((item, bytes));
    }

    /// Whether more is kept than may be.
    pub(super) fn is_over(&self) -> bool {
        self.bytes > self.limits.bytes || self.len() > self.limits.messages
    }

    /// Forgets the oldest messages until no more is kept than may be. A client that lacks one of them cannot resume.
    pub(super) fn forget_excess(&mut self) {
        while self.is_over() && self.forget() {}
    }

    /// The other side has received the messages up to this number.
    ///
    /// # Errors
    /// `Breach::Count`: the number is higher than that of the last message.
    pub(super) fn confirm(&mut self, number: u64) -> Result<(), Breach> {
        if !self.has_sent(number) {
            return Err(Breach::Count);
        }
        self.confirmed = self.confirmed.max(number);
        while self.first_kept() <= number && self.forget() {}
        Ok(())
    }

    /// Whether a message of this number was sent, or the number is 0.
    pub(super) fn has_sent(&self, number: u64) -> bool {
        number <= self.last
    }

    /// Whether everything behind this number is kept.
    pub(super) fn reaches_back_to(&self, number: u64) -> bool {
        number.saturating_add(1) >= self.first_kept()
    }

    /// Whether the other side has confirmed more than this number already.
    pub(super) fn has_confirmed_beyond(&self, number: u64) -> bool {
        number < self.confirmed
    }

    /// Whether the other side has confirmed this number already.
    pub(super) fn has_confirmed(&self, number: u64) -> bool {
        number <= self.confirmed
    }

    /// The kept messages.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.kept.iter().flat_map(|kept| kept.iter()).map(|(item, _)| item)
    }

    /// Takes the kept messages and their sizes, and counts from the beginning.
    pub(super) fn start_over(&mut self) -> impl Iterator<Item = (T, usize)> + use<T> {
        let before = std::mem::replace(self, Self::new(self.limits));
        before.kept.into_iter().flat_map(|kept| *kept)
    }

    fn len(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.len())
    }

    /// The number of the oldest kept message, or of the next one.
    fn first_kept(&self) -> u64 {
        self.last + 1 - self.len() as u64
    }

    fn forget(&mut self) -> bool {
        let Some(kept) = &mut self.kept else { return false };
        if let Some((_, bytes)) = kept.pop_front() {
            self.bytes -= bytes;
        }
        if kept.is_empty() {
            self.kept = None;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(bytes: usize, messages: usize, sizes: &[usize]) -> Sent<usize> {
        let mut sent = Sent::new(Limits { bytes, messages });
        for (number, size) in sizes.iter().enumerate() {
            sent.push(number + 1, *size);
        }
        sent
    }

    fn kept(sent: &Sent<usize>) -> Vec<usize> {
        sent.iter().copied().collect()
    }

    #[test]
    fn a_confirmation_forgets_the_messages_up_to_its_number() {
        let mut sent = sent(100, 100, &[1, 2, 3]);
        assert_eq!(sent.confirm(2), Ok(()));
        assert_eq!((kept(&sent), sent.bytes()), (vec![3], 3));
        // An older one comes late.
        assert_eq!(sent.confirm(1), Ok(()));
        assert_eq!(kept(&sent), [3]);
        assert_eq!(sent.confirm(4), Err(Breach::Count));
    }

    #[test]
    fn the_oldest_messages_go_when_their_bytes_or_their_number_pass_the_limit() {
        let mut bytes = sent(10, 100, &[4, 4, 4]);
        bytes.forget_excess();
        assert_eq!(kept(&bytes), [2, 3]);
        assert!(bytes.reaches_back_to(1) && !bytes.reaches_back_to(0));
        let mut messages = sent(10, 2, &[0, 0, 0]);
        messages.forget_excess();
        assert_eq!(kept(&messages), [2, 3]);
    }

    #[test]
    fn a_message_above_the_limit_is_not_kept_and_later_ones_are() {
        let mut sent = sent(10, 100, &[11]);
        sent.forget_excess();
        assert_eq!((kept(&sent), sent.bytes()), (vec![], 0));
        sent.push(2, 1);
        assert!(sent.reaches_back_to(1) && !sent.reaches_back_to(0));
    }
}
