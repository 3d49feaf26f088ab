//! The component that a node starts with.

use crate::life::Life;
use crate::publication::Publication;

use super::ledger::Ledger;
use super::record::{Component, ReleaseRecord, Why};

/// The meaning of the cluster's records for the component of a node that starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// The cluster has no release yet: the node publishes its own as the first one.
    First(Publication<ReleaseRecord>),
    /// The cluster runs this component.
    Same,
    /// The cluster has run this component before. Another release has replaced it, or it was called off.
    Replaced,
    /// The cluster does not know this component.
    New,
}

impl Beginning {
    /// Compares a component with the last records of the cluster.
    #[must_use]
    pub fn of(component: &Component, ledger: &Ledger, by: Life, at: u64) -> Self {
        let Some(running) = ledger.running() else {
            let (component, why) = (component.clone(), Why::First);
            let record = ReleaseRecord { number: 1, component, keeps_state: true, by, at, why };
            return Self::First(Publication { expected: 0, record });
        };
        match &component.sha256 {
            own if *own == running.component.sha256 => Self::Same,
            own if ledger.names(own) => Self::Replaced,
            _ => Self::New,
        }
    }
}
