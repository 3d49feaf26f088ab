//! The parts that the builder makes a front door of.

use std::sync::Arc;

use super::admission::Admission;
use super::door::DoorTally;
use super::endpoints::Endpoints;
use super::policy::Policy;
use super::router::Router;
use crate::config::Limits;
use crate::trace::Tracer;

/// The parts of a front door.
#[derive(Debug)]
pub struct Setup {
    /// The rules for all connections.
    pub policy: Arc<Policy>,
    /// The table of what answers plain HTTP requests.
    pub endpoints: Endpoints,
    /// Finds rooms.
    pub router: Arc<Router>,
    /// The limits on connections, and the owner's switch for new clients.
    pub admission: Arc<Admission>,
    /// The counters.
    pub door: Arc<DoorTally>,
    /// Makes the spans of requests.
    pub tracer: Option<Tracer>,
    /// The limits.
    pub limits: Limits,
}
