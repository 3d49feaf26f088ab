//! The part of a turn's buffers that belongs to earlier handlers of a batch.

/// The end of the turns of earlier handlers of a batch.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Mark {
    /// Their effects.
    pub(super) effects: usize,
    /// The length of their small frames.
    pub(super) small: usize,
    /// Their bytes, as a turn counts them.
    pub(super) bytes: usize,
    /// Their deliveries.
    pub(super) deliveries: usize,
}
