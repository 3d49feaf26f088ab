//! The terms of a line that most lines do without.

use std::rc::Rc;

use crate::protocol::Agreement;
use crate::shard::cached_frame::Deflation;
use crate::shard::resume::KeptSession;

/// Compression, or a session that outlives the line and perhaps compression too. A line with compression alone keeps no more than that.
#[derive(Debug)]
pub enum Terms {
    /// How messages are compressed.
    Compressed(Deflation),
    /// The line is one of a session.
    Session(Session),
}

/// A line's part in a session.
#[derive(Debug)]
pub struct Session {
    pub(super) kept: Rc<KeptSession>,
    /// The line's slot: the client may have another line by now.
    pub(super) slot: u32,
    pub(super) deflation: Option<Box<Deflation>>,
}

impl Terms {
    /// The terms of a line that has agreed on this. Most lines have none.
    pub fn new(agreement: Option<Agreement>) -> Option<Box<Self>> {
        agreement.map(|agreement| Box::new(Self::Compressed(Deflation::new(agreement))))
    }

    /// The terms of the line in this slot, which is one of a session.
    pub fn of_session(kept: Rc<KeptSession>, slot: u32, agreement: Option<Agreement>) -> Option<Box<Self>> {
        let deflation = agreement.map(|agreement| Box::new(Deflation::new(agreement)));
        Some(Box::new(Self::Session(Session { kept, slot, deflation })))
    }

    pub(super) fn deflation(&self) -> Option<&Deflation> {
        match self {
            Self::Compressed(deflation) => Some(deflation),
            Self::Session(session) => session.deflation.as_deref(),
        }
    }

    pub(super) fn session(&self) -> Option<&Session> {
        if let Self::Session(session) = self { Some(session) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_session_costs_an_idle_client_less_than_300_bytes() {
        assert!(size_of::<Terms>() <= 24, "the terms of a line have {} bytes", size_of::<Terms>());
        // The counts of references, the allocator's own words, and an entry of a hash table that is half full.
        let kept = 2 * size_of::<usize>() + size_of::<KeptSession>() + 8;
        let all = kept + size_of::<Terms>() + 8 + 2 * size_of::<(u64, usize)>();
        assert!(all < 300, "a session has {all} bytes");
    }
}
