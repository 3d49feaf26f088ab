//! The part of a list that one node tells, and the list of all nodes that several such parts make.

use serde::{Deserialize, Serialize};

/// The first entries of a node's list, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::handle) struct Part<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// Whether others follow.
    pub more: bool,
}

impl<T: Serialize> Part<T> {
    /// Leaves out the last entries, if these take more than this many bytes as JSON. One entry stays.
    pub(in crate::handle) fn within(mut self, bytes: usize) -> Self {
        let mut left = bytes;
        let fitting = self.entries.iter().take_while(|entry| {
            let size = serde_json::to_vec(entry).map_or(0, |text| text.len() + 1);
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        });
        let fitting = fitting.count().max(1);
        if fitting < self.entries.len() {
            self.entries.truncate(fitting);
            self.more = true;
        }
        self
    }
}

/// Makes one list of the parts of several nodes, in order of this key. `join` makes one of two entries that have the same key.
///
/// An entry behind the end of a part that goes on is left out: the node of that part may have others before it.
pub(in crate::handle) fn merged<T, K: Ord>(
    parts: Vec<Part<T>>,
    limit: usize,
    key: impl Fn(&T) -> K,
    join: impl Fn(&mut T, T),
) -> Part<T> {
    let end = parts.iter().filter(|part| part.more).filter_map(|part| part.entries.last().map(&key)).min();
    let mut entries: Vec<T> = parts.into_iter().flat_map(|part| part.entries).collect();
    if let Some(end) = &end {
        entries.retain(|entry| key(entry) <= *end);
    }
    entries.sort_by_cached_key(&key);
    let mut whole: Vec<T> = Vec::with_capacity(entries.len());
    for entry in entries {
        match whole.last_mut() {
            Some(last) if key(last) == key(&entry) => join(last, entry),
            _ => whole.push(entry),
        }
    }
    let more = end.is_some() || whole.len() > limit;
    whole.truncate(limit);
    Part { entries: whole, more }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(entries: &[(&'static str, usize)], more: bool) -> Part<(&'static str, usize)> {
        Part { entries: entries.to_vec(), more }
    }

    fn list(parts: Vec<Part<(&'static str, usize)>>, limit: usize) -> Part<(&'static str, usize)> {
        merged(parts, limit, |entry| entry.0, |one, other| one.1 += other.1)
    }

    #[test]
    fn the_parts_of_all_nodes_are_one_list_in_order_and_entries_of_one_key_are_joined() {
        let parts = vec![part(&[("a", 1), ("d", 1)], false), part(&[], false), part(&[("b", 1), ("d", 2)], false)];
        assert_eq!(list(parts, 9), part(&[("a", 1), ("b", 1), ("d", 3)], false));
    }

    #[test]
    fn a_list_that_is_longer_than_asked_for_goes_on() {
        let parts = || vec![part(&[("a", 1), ("c", 1)], false), part(&[("b", 1)], false)];
        assert_eq!(list(parts(), 2), part(&[("a", 1), ("b", 1)], true));
        assert_eq!(list(parts(), 3), part(&[("a", 1), ("b", 1), ("c", 1)], false));
    }

    #[test]
    fn entries_behind_the_end_of_a_part_that_goes_on_wait_for_the_next_page() {
        // The first node may have `c` too, with clients that count.
        let parts = vec![part(&[("a", 1), ("b", 1)], true), part(&[("c", 5), ("d", 5)], true)];
        assert_eq!(list(parts, 4), part(&[("a", 1), ("b", 1)], true));
    }

    /// Pages through the lists of nodes as a caller does, each node giving at most `size` entries at once.
    fn pages(nodes: &[Vec<usize>], limit: usize, size: usize) -> Vec<usize> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let parts = nodes.iter().map(|node| {
                let rest: Vec<_> = node.iter().copied().filter(|entry| Some(*entry) > after).collect();
                Part { more: rest.len() > size, entries: rest.into_iter().take(size).collect() }
            });
            let page = merged(parts.collect(), limit, |entry| *entry, |_, _| {});
            all.extend(&page.entries);
            if !page.more {
                return all;
            }
            after = Some(*page.entries.last().expect("a page that goes on has entries"));
        }
    }

    #[test]
    fn page_by_page_each_entry_comes_once_however_the_nodes_cut_their_parts() {
        let nodes: Vec<Vec<usize>> = (1..=4).map(|node| (0..60).filter(|entry| entry % node == 0).collect()).collect();
        for (limit, size) in [(1, 1), (1, 9), (7, 3), (7, 7), (100, 100)] {
            assert_eq!(pages(&nodes, limit, size), (0..60).collect::<Vec<_>>(), "{limit} of {size}");
        }
    }

    #[test]
    fn a_part_is_cut_to_a_size_and_has_one_entry_at_least() {
        let whole = Part { entries: vec!["aaaa", "bbbb", "cccc"], more: false };
        // Each is 6 bytes and a comma.
        assert_eq!(whole.clone().within(21), whole);
        assert_eq!(whole.clone().within(20), Part { entries: vec!["aaaa", "bbbb"], more: true });
        assert_eq!(whole.within(1), Part { entries: vec!["aaaa"], more: true });
    }
}
