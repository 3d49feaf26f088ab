//! The nodes of a cluster, as [`Status`](super::Status) and lists of releases tell them.

pub use crate::status::{ClusterStatus, NodeStatus};
pub use crate::swap::{ClusterRelease, ClusterSwap, NodeRelease};
