//! The terms of a line that most lines do without.

use std::rc::Rc;

use crate::protocol::Agreement;
use crate::shard::cached_frame::Deflation;
use crate::shard::resume::KeptSession;

/// Compression, and a session that outlives the line.
#[derive(Debug, Default)]
pub struct Terms {
    /// How messages are compressed.
    pub(super) deflation: Option<Deflation>,
    pub(super) session: Option<Rc<KeptSession>>,
    /// The line's slot, if it has a session: the client may have another line by now.
    pub(super) slot: u32,
}

impl Terms {
    /// The terms of a line that has agreed on this.
    pub fn new(agreement: Option<Agreement>) -> Self {
        Self { deflation: agreement.map(Deflation::new), ..Self::default() }
    }

    /// The same for the line in this slot, which is one of a session.
    #[must_use]
    pub fn of_session(self, session: Rc<KeptSession>, slot: u32) -> Self {
        Self { session: Some(session), slot, ..self }
    }

    /// A box for them. Most lines need none.
    pub(super) fn boxed(self) -> Option<Box<Self>> {
        (self.deflation.is_some() || self.session.is_some()).then(|| Box::new(self))
    }
}
