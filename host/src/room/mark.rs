//! The place in a turn's buffers up to which they belong to the handlers before the present one.

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
