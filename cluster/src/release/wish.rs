//! A release that somebody asks this node for.

use bytestring::ByteString;

use crate::life::Life;

use super::record::Component;
use super::report::Report;

/// A release that somebody wants. Its component is in the object store, and this node has compiled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Which release.
    pub what: What,
    /// Whether the instances of the running release hand their states on.
    pub keeps_state: bool,
    /// The time of day, in seconds since 1970, for people.
    pub at: u64,
}

/// The release that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// This component.
    Swap(Component),
    /// This component, unless the cluster has run it already: a node has started with it.
    Deploy(Component),
    /// The release before the running one.
    Rollback,
}

/// The answer to a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The release has this number.
    Done {
        /// Its number.
        number: u64,
        /// The reports of the nodes about it.
        reports: Vec<Report>,
        /// The nodes that have not answered in time. They take it later.
        missing: Vec<Life>,
    },
    /// The release was called off.
    CalledOff {
        /// The reason.
        reason: ByteString,
        /// The node that has called it off.
        by: Life,
    },
    /// There is no release before the running one.
    NothingBefore,
    /// The cluster has run the component already.
    Unneeded,
    /// NATS does not answer. Whether the release is stored, and taken then, is unknown.
    Unknown,
}
