//! The sizes of the queues.

/// The sizes of the queues of one room, at its owner and at an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Inputs that an edge keeps until they count. Beyond it, the edge reads no more from its clients of this room.
    pub inputs: usize,
    /// Bytes of these inputs.
    pub input_bytes: usize,
    /// Batches for one edge that it has not confirmed. Beyond it, the owner cuts the edge off.
    pub batches: usize,
    /// Bytes of these batches.
    pub batch_bytes: usize,
    /// Turns whose records are not yet stored. Beyond it, the owner takes no input.
    pub held_turns: usize,
    /// Bytes of the writes in one record. Later turns wait for the next record. The writes of a single turn may be more.
    pub record_bytes: usize,
    /// Messages that are sent again at once.
    pub window: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inputs: 1024,
            input_bytes: 16 << 20,
            batches: 1024,
            batch_bytes: 16 << 20,
            held_turns: 1024,
            record_bytes: 768 << 10,
            window: 64,
        }
    }
}
