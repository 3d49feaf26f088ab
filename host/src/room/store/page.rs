//! The result of one `list`: a part of a store, bounded in number and bytes.

use std::collections::btree_map::Range;
use std::iter::Peekable;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use super::backing::Rows;
use super::entry::{Entries, Entry};
use crate::store::MAX_LIST_BYTES;

/// The entries found so far.
pub(super) struct Page<'a> {
    prefix: &'a str,
    /// The list goes on behind this key.
    after: Option<Arc<str>>,
    limit: usize,
    entries: Vec<(Arc<str>, Bytes)>,
    bytes: usize,
    is_full: bool,
}

impl<'a> Page<'a> {
    /// An empty page.
    pub(super) fn new(prefix: &'a str, after: Option<&str>, limit: usize) -> Self {
        Self { prefix, after: after.map(Arc::from), limit, entries: Vec::new(), bytes: 0, is_full: limit == 0 }
    }

    /// Whether nothing more fits.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// The key behind which it goes on.
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Adds these rows of the journal, with the room's own entries over them. Returns whether there may be more.
    pub(super) fn add(&mut self, own: &Entries, rows: Rows) -> bool {
        let until = rows.entries.last().map(|(key, _)| Arc::clone(key)).filter(|_| rows.more);
        let start = match self.after() {
            Some(after) if after >= self.prefix => Bound::Excluded(after),
            _ => Bound::Included(self.prefix),
        };
        let mut own = own.range::<str, _>((start, Bound::Unbounded)).peekable();
        for (key, value) in rows.entries {
            self.add_own(&mut own, |own| own < &*key);
            let value = match own.next_if(|(own, _)| *own == &key) {
                Some((_, entry)) => entry.value.clone(),
                None => Some(value),
            };
            self.push(&key, value);
        }
        if until.is_none() {
            self.add_own(&mut own, |_| true);
        }
        self.after = until;
        self.after.is_some()
    }

    fn add_own(&mut self, own: &mut Peekable<Range<'_, Arc<str>, Entry>>, belongs: impl Fn(&str) -> bool) {
        while !self.is_full
            && let Some((key, entry)) = own.next_if(|(key, _)| belongs(key) && key.starts_with(self.prefix))
        {
            self.push(key, entry.value.clone());
        }
    }

    /// Adds an entry, if its key is not deleted. The first one always fits.
    fn push(&mut self, key: &Arc<str>, value: Option<Bytes>) {
        let Some(value) = value.filter(|_| !self.is_full) else { return };
        let bytes = self.bytes + key.len() + value.len();
        if bytes > MAX_LIST_BYTES && !self.entries.is_empty() {
            self.is_full = true;
            return;
        }
        self.bytes = bytes;
        self.entries.push((Arc::clone(key), value));
        self.is_full = self.entries.len() == self.limit;
    }

    /// The entries.
    pub(super) fn into_entries(self) -> Vec<(Arc<str>, Bytes)> {
        self.entries
    }
}
