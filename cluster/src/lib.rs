//! The rules of rooms that several nodes serve, without I/O.
//!
//! Each node is an *edge* for its own clients and the *owner* of some rooms. A room has one owner at a time; what its clients send goes
//! there, and what its handlers send comes back. `docs/cluster.md` describes the protocol: records in JetStream decide which nodes
//! live and which one owns a room, and messages between nodes may be lost, late, doubled and out of order.
//!
//! These are its rules as machines that are told what happens, with the time, and return what to do. They neither spawn nor wait, read no
//! clock and make no random numbers. A simulation runs them in all sorts of trouble.
//!
//! ```
//! use std::time::Duration;
//! use ws_cluster::{Answer, Claim, Lease, Neighbours, Timing, Verdict};
//!
//! let (now, timing) = (Duration::from_secs(1), Timing::default());
//! let mut lease = Lease::new(7, 0, 0x5eed, timing);
//! let renewal = lease.poll(now).expect("the first record is due at once");
//! assert_eq!(renewal.expected, 0);
//! lease.answered(now, &Answer::Stored(1));
//! assert!(lease.is_held(now + Duration::from_millis(1499)));
//! assert!(!lease.is_held(now + Duration::from_millis(1500)));
//!
//! let mut claim = Claim::new(lease.life().expect("its record is stored"), 1, 0);
//! let mut neighbours = Neighbours::new(timing);
//! assert_eq!(neighbours.reconnected(now, 1), None);
//! assert!(matches!(claim.looked(None, &neighbours), Verdict::Publish(_)));
//! assert_eq!(claim.answered(Answer::Stored(2), &neighbours), Verdict::Won { epoch: 2 });
//! ```
//!
//! | file | owns |
//! | --- | --- |
//! | `lease` | a node's own lease |
//! | `neighbours` | which nodes live |
//! | `claim` | how a node comes to own a room |
//! | `standing` | what the records of a room say |
//! | `owner/` | the owner of a room |
//! | `journal` | the records that it adds |
//! | `edge/` | the edge of a room |
//! | `node_record`, `room_record` | the records |
//! | `message`, `letter` | the messages between nodes |
//! | `publication` | what JetStream answers |
//! | `directory/` | the durable rooms, and which node opens one that is closed |
//! | `release/` | the releases that all nodes run |
//! | `life`, `timing`, `limits` | identities, times and sizes |
//! | `codec` | numbers, bytes and lists |

mod claim;
pub mod codec;
pub mod directory;
mod edge;
mod journal;
mod lease;
mod letter;
mod life;
mod limits;
mod message;
mod neighbours;
mod node_record;
mod owner;
mod publication;
pub mod release;
mod room_record;
mod standing;
#[cfg(test)]
mod tests;
mod timing;

pub use claim::{Claim, Verdict};
pub use codec::Malformed;
pub use edge::{Edge, Effect};
pub use lease::Lease;
pub use letter::Letter;
pub use life::Life;
pub use limits::Limits;
pub use message::{Batch, Envelope, Event, Input, Member, Message, Output};
pub use neighbours::Neighbours;
pub use node_record::NodeRecord;
pub use owner::{Owner, Receipt, Told, Turn};
pub use publication::{Answer, Publication, Stop};
pub use room_record::{Act, Entry, RoomRecord};
pub use standing::{Broken, Standing, Start};
pub use timing::{Time, Timing};
