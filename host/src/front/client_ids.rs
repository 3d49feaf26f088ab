//! The next client id, out of blocks that are reserved before their ids are used.

/// The ids of one block, of a database as of a cluster. After a restart, those that were not used are missing.
pub(super) const BLOCK: u64 = crate::cluster::ID_BLOCK;

/// The ids that may be given. Where nothing outlives the process, that is all of them.
#[derive(Debug)]
pub(super) struct ClientIds {
    next: u64,
    /// The end of the block, which is not part of it.
    end: u64,
    /// The first id of the next block.
    spare: Option<u64>,
    /// Whether a block has been asked for.
    is_asked: bool,
}

impl Default for ClientIds {
    fn default() -> Self {
        Self { next: 1, end: u64::MAX, spare: None, is_asked: false }
    }
}

impl ClientIds {
    /// No ids, until a block is added.
    pub(super) fn none() -> Self {
        Self { next: 0, end: 0, spare: None, is_asked: false }
    }

    /// From now on, ids come out of blocks. The first one begins here.
    pub(super) fn begin_block(&mut self, first: u64) {
        (self.next, self.end) = (first, first.saturating_add(BLOCK));
    }

    /// Takes the next id; `None` if no block is left.
    pub(super) fn take(&mut self) -> Option<u64> {
        if self.next == self.end {
            let spare = self.spare.take()?;
            self.begin_block(spare);
        }
        self.next += 1;
        Some(self.next - 1)
    }

    /// Whether another block is to be reserved. The answer is then awaited: `add_block` or `is_refused`.
    pub(super) fn wants_block(&mut self) -> bool {
        let wants = self.spare.is_none() && !self.is_asked && self.end - self.next < BLOCK / 2;
        self.is_asked |= wants;
        wants
    }

    /// Adds a block that is reserved.
    pub(super) fn add_block(&mut self, first: u64) {
        (self.spare, self.is_asked) = (Some(first), false);
    }

    /// No block can be reserved for now: the next id asks again.
    pub(super) fn is_refused(&mut self) {
        self.is_asked = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids of a block that begins here, after this many of them.
    fn after(first: u64, taken: u64) -> ClientIds {
        let mut ids = ClientIds::default();
        ids.begin_block(first);
        (0..taken).for_each(|_| assert!(ids.take().is_some()));
        ids
    }

    #[test]
    fn without_blocks_the_ids_are_all_numbers_from_1_on() {
        let mut ids = ClientIds::default();
        assert_eq!([ids.take(), ids.take()], [Some(1), Some(2)]);
        assert!(!ids.wants_block());
    }

    #[test]
    fn the_next_block_is_reserved_when_half_of_the_present_one_is_used() {
        let mut ids = after(1, BLOCK / 2);
        assert!(!ids.wants_block());
        ids.take();
        assert!(ids.wants_block());
        assert!(!ids.wants_block(), "once");
        ids.is_refused();
        assert!(ids.wants_block(), "until one is reserved");
        ids.add_block(1_000_000);
        assert!(!ids.wants_block());
    }

    #[test]
    fn without_a_block_there_are_no_ids_and_one_is_wanted() {
        let mut ids = ClientIds::none();
        assert_eq!((ids.take(), ids.wants_block()), (None, true));
        ids.add_block(7);
        assert_eq!([ids.take(), ids.take()], [Some(7), Some(8)]);
    }

    #[test]
    fn the_ids_go_on_in_the_next_block_and_no_id_is_given_outside_of_one() {
        let mut ids = after(1, BLOCK);
        assert_eq!(ids.take(), None);
        ids.add_block(1_000_000);
        assert_eq!([ids.take(), ids.take()], [Some(1_000_000), Some(1_000_001)]);
    }
}
