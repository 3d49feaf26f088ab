//! The settings of a node, which are those of the server.

pub use crate::config::{ClusterError, ClusterSettings};
