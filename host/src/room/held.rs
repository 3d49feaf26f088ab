//! Turns whose outputs wait until the journal has made them durable.

use std::collections::VecDeque;

use super::turn::Turn;

/// The memory of held outputs at which the room takes no input, in bytes.
const MAX_BYTES: usize = 16 << 20;
/// The number of held turns at which the room takes no input.
const MAX_TURNS: usize = 1024;

/// The held turns of one room, the oldest first.
///
/// A turn is released when it is durable itself and every turn before it has been released: outputs keep their order. A turn that
/// writes nothing is durable at once, and is held only behind turns that are not.
#[derive(Debug, Default)]
pub struct Held {
    turns: VecDeque<Box<Turn>>,
    bytes: usize,
    /// Commits up to this one are durable.
    durable: u64,
}

impl Held {
    /// Whether no turn is held: outputs can be made visible at once.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Whether the room must take no input until turns have been released.
    pub fn is_full(&self) -> bool {
        self.turns.len() >= MAX_TURNS || self.bytes >= MAX_BYTES
    }

    /// Holds a turn until its commit is durable; if it writes nothing, until the turns before it are released.
    pub fn push(&mut self, turn: Box<Turn>) {
        self.bytes += turn.memory();
        self.turns.push_back(turn);
    }

    /// Notes that this commit and all before it are durable.
    pub fn note_durable(&mut self, commit: u64) {
        self.durable = self.durable.max(commit);
    }

    /// Takes the oldest turn, if it is released.
    pub fn pop_released(&mut self) -> Option<Box<Turn>> {
        let durable = self.durable;
        let turn = self.turns.pop_front_if(|turn| turn.commit() <= durable)?;
        self.bytes -= turn.memory();
        Some(turn)
    }

    /// Takes all turns, because the journal has failed: their outputs must not become visible. Commits are counted anew.
    pub fn take_all(&mut self) -> impl Iterator<Item = Box<Turn>> + use<> {
        std::mem::take(self).turns.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::UpgradeId;
    use crate::room::effect::{Decision, Effect};

    /// A turn that sends a message of this many bytes.
    fn turn(bytes: usize, commit: u64) -> Box<Turn> {
        let mut turn = Box::<Turn>::default();
        turn.commit = commit;
        turn.encode(false, &vec![0; bytes]);
        turn
    }

    /// The sizes of the turns that are released, in their order.
    fn released(held: &mut Held) -> Vec<usize> {
        std::iter::from_fn(|| held.pop_released()).map(|turn| turn.memory() - 2).collect()
    }

    #[test]
    fn a_turn_is_released_when_its_commit_is_durable() {
        let mut held = Held::default();
        held.push(turn(1, 1));
        assert_eq!(released(&mut held), [0; 0]);
        held.note_durable(1);
        assert_eq!(released(&mut held), [1]);
        assert!(held.is_empty());
    }

    #[test]
    fn a_turn_that_writes_nothing_waits_for_the_turns_before_it() {
        let mut held = Held::default();
        [turn(1, 1), turn(2, 0), turn(3, 2), turn(4, 0)].into_iter().for_each(|turn| held.push(turn));
        held.note_durable(1);
        assert_eq!(released(&mut held), [1, 2]);
        assert!(!held.is_empty());
        held.note_durable(2);
        assert_eq!(released(&mut held), [3, 4]);
    }

    #[test]
    fn a_commit_makes_the_commits_before_it_durable_too() {
        let mut held = Held::default();
        [turn(1, 1), turn(2, 2), turn(3, 3)].into_iter().for_each(|turn| held.push(turn));
        held.note_durable(2);
        assert_eq!(released(&mut held), [1, 2]);
    }

    #[test]
    fn a_room_takes_no_input_at_1024_turns_or_16_mib() {
        let mut held = Held::default();
        (0..1024).for_each(|_| held.push(turn(0, 1)));
        assert!(held.is_full());
        held.note_durable(1);
        held.pop_released();
        assert!(!held.is_full());

        let mut held = Held::default();
        let empty = || {
            let mut turn = turn(0, 1);
            (0..100_000).for_each(|id| turn.push(Effect::Decide(UpgradeId(id), Box::new(Decision::refuse(503)))));
            turn
        };
        (0..16).for_each(|_| held.push(empty()));
        assert!(held.is_full(), "outputs take memory without a frame too");
        assert_eq!(held.take_all().count(), 16);

        let mut held = Held::default();
        (0..16).for_each(|_| held.push(turn(1 << 20, 1)));
        assert!(held.is_full());
        assert_eq!(held.take_all().count(), 16);
        assert!(held.is_empty() && !held.is_full());
    }
}
