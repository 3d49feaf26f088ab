//! The nodes of a cluster, as [`Status`](super::Status) tells them.

pub use crate::status::{ClusterStatus, NodeStatus};
