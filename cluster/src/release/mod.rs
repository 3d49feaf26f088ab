//! The releases of an app that all nodes of a cluster run.
//!
//! Each record in the stream says which component runs from then on, so the last one counts. A node takes a release when its turn has come: one
//! node after the other. If a node cannot take it, or if it fails its probation there, a record behind it undoes it for all.
//!
//! | file | owns |
//! | --- | --- |
//! | `record` | a record of the stream |
//! | `report` | what a node says of a release |
//! | `ledger` | the records, and the releases that they leave |
//! | `beginning` | the component of a node that starts |
//! | `rollout` | how a node takes releases |
//! | `wish` | a release that somebody asks this node for |

mod beginning;
mod ledger;
mod record;
mod report;
mod rollout;
mod wish;

pub use beginning::Beginning;
pub use ledger::Ledger;
pub use record::{Component, ReleaseRecord, Why};
pub use report::{Report, Taking};
pub use rollout::{Action, Rollout};
pub use wish::{Outcome, What, Wish};
