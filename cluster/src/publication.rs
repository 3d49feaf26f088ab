//! A publication to JetStream that is stored behind a certain record or not at all.

/// A record to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication<R> {
    /// The sequence that the last record of the subject must have. 0 if the subject must have none.
    pub expected: u64,
    /// The record.
    pub record: R,
}

/// The outcome of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<R> {
    /// It is stored, at this sequence.
    Stored(u64),
    /// The subject's last record has another sequence than the expected one. The caller has then read that record, from the stream's leader.
    Refused {
        /// The last record with its sequence, if the subject has one.
        last: Option<(u64, R)>,
    },
    /// No answer has come, or the last record could not be read. The publication may have been stored, or may be stored later.
    Unknown,
}

/// Why a node or an owner has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Other nodes have taken the node for dead, or another node owns the room.
    Replaced,
    /// The stream has lost records that were acknowledged: it was restored to an older state.
    Restored,
}
