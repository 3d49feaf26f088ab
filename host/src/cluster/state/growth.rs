//! When a room's whole state is due.

/// The turns after which a whole state is due, if it is not large.
const TURNS: u64 = 256;
/// The bytes of their writes after which it is.
const BYTES: u64 = 1 << 20;
/// A record beside its writes, about. Turns that write nothing have records too.
const RECORD_BYTES: u64 = 128;

/// The turns of a room since its last whole state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Growth {
    since: Turns,
    /// Those before a whole state that is on its way.
    before: Turns,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Turns {
    turns: u64,
    bytes: u64,
}

impl Growth {
    /// A turn with this many bytes of writes.
    pub(super) fn note(&mut self, bytes: usize) {
        self.since.turns += 1;
        self.since.bytes += bytes as u64;
    }

    /// Whether a whole state of this length is due. It is not written more often than it is worth: the records since the last one have
    /// half of its length.
    pub(super) fn is_due(&self, whole_bytes: u64) -> bool {
        let Turns { turns, bytes } = self.since;
        (turns >= TURNS || bytes >= BYTES) && bytes + turns * RECORD_BYTES >= whole_bytes / 2
    }

    /// A whole state is on its way.
    pub(super) fn begin_whole(&mut self) {
        *self = Self { since: Turns::default(), before: self.since };
    }

    /// It could not be stored.
    pub(super) fn whole_failed(&mut self) {
        let Turns { turns, bytes } = std::mem::take(&mut self.before);
        self.since.turns += turns;
        self.since.bytes += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many turns of this many bytes a whole state of that length is due.
    fn due_after(bytes: usize, whole_bytes: u64) -> u64 {
        let mut growth = Growth::default();
        while !growth.is_due(whole_bytes) {
            growth.note(bytes);
        }
        growth.since.turns
    }

    #[test]
    fn a_small_state_is_due_after_256_turns_or_1_mib() {
        assert_eq!((due_after(0, 100), due_after(100, 10_000)), (256, 256));
        assert_eq!(due_after(512 << 10, 1 << 20), 2);
    }

    #[test]
    fn a_large_state_is_due_when_its_records_have_half_of_its_length() {
        assert_eq!(due_after(128, 8 << 20), 16 << 10);
        assert_eq!(due_after(512 << 10, 8 << 20), 8);
        assert_eq!(due_after(0, 8 << 20), 32 << 10, "turns that write nothing count too");
    }

    #[test]
    fn a_whole_state_that_could_not_be_stored_is_due_again() {
        let mut growth = Growth::default();
        (0..256).for_each(|_| growth.note(10));
        growth.begin_whole();
        assert!(!growth.is_due(100));
        growth.note(10);
        growth.whole_failed();
        assert!(growth.is_due(100));
        growth.begin_whole();
        growth.note(10);
        assert!(!growth.is_due(100));
    }
}
