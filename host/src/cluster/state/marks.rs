//! Which messages of other rooms a room has handled.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The most senders of which a room remembers this.
pub const MAX_MARKS: usize = 1024;

/// The highest id of a message that was handled, for each sender.
///
/// The ids of one sender grow, and its messages come in their order. So a message up to its sender's mark has been handled.
///
/// The marks are bounded: beyond [`MAX_MARKS`], the sender that was heard of least recently is forgotten. If its last messages come once
/// more, because it does not know that they were handled, they are handled twice.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    by_sender: BTreeMap<Arc<str>, Mark>,
    /// Counts the messages, for the order in which senders were heard of.
    heard: u64,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    id: u64,
    heard: u64,
}

impl Marks {
    /// A message of this sender was handled.
    pub fn note(&mut self, from: &Arc<str>, id: u64) {
        self.heard += 1;
        let mark = self.by_sender.entry(Arc::clone(from)).or_insert(Mark { id, heard: 0 });
        *mark = Mark { id: mark.id.max(id), heard: self.heard };
        if self.by_sender.len() > MAX_MARKS
            && let Some(oldest) = self.by_sender.iter().min_by_key(|(_, mark)| mark.heard).map(|(from, _)| Arc::clone(from))
        {
            self.by_sender.remove(&oldest);
        }
    }

    /// The mark of a sender; 0 if it has none.
    pub fn of(&self, from: &str) -> u64 {
        self.by_sender.get(from).map_or(0, |mark| mark.id)
    }

    /// The marks, the sender that was heard of least recently first.
    pub(super) fn by_time(&self) -> Vec<(Arc<str>, u64)> {
        let mut marks: Vec<_> = self.by_sender.iter().collect();
        marks.sort_by_key(|(_, mark)| mark.heard);
        marks.into_iter().map(|(from, mark)| (Arc::clone(from), mark.id)).collect()
    }

    /// Their number.
    pub(super) fn len(&self) -> usize {
        self.by_sender.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_never_goes_back() {
        let mut marks = Marks::default();
        for id in [3, 5, 4] {
            marks.note(&"/a".into(), id);
        }
        assert_eq!((marks.of("/a"), marks.of("/b")), (5, 0));
    }

    #[test]
    fn the_sender_that_was_heard_of_least_recently_is_forgotten() {
        let mut marks = Marks::default();
        let name = |n: usize| Arc::<str>::from(format!("/{n}"));
        (0..MAX_MARKS).for_each(|n| marks.note(&name(n), 7));
        marks.note(&name(0), 8);
        marks.note(&"/new".into(), 1);
        assert_eq!((marks.len(), marks.of("/0"), marks.of("/1"), marks.of("/2")), (MAX_MARKS, 8, 0, 7));
        assert_eq!(marks.by_time().last(), Some(&("/new".into(), 1)));
    }
}
