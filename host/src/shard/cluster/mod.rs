//! A shard's part in a cluster: the edges of the rooms that have clients here, and the rooms that this node owns.
//!
//! `ws-cluster` has the rules. Each line brings its inputs to an [`EdgeRoom`](edge_room::EdgeRoom), whose edge sends them to the room's owner, at this node or
//! another one. Beside the loop of an [`Owned`] room, its owner takes the inputs of all edges, and gives the loop one after the other. The loop's turns go
//! back to the edges, once for each edge.
//!
//! | file | owns |
//! | --- | --- |
//! | `part` | the table of both, and the messages between them and other nodes |
//! | `agenda` | which of them are due |
//! | `edge_room` | a room at the edge |
//! | `outside` | messages of the server's owner to its clients |
//! | `owned` | a room that this node owns |
//! | `members` | its members by their edges |
//! | `staged` | its outputs for each edge |
//! | `letters` | its messages to other rooms, and theirs to it |
//! | `told` | inputs on their way to an owner |
//! | `given` | outputs on their way to an edge |
//! | `carried` | a member as its edge keeps it |
//! | `wire` | the form of all of these |

mod agenda;
mod carried;
mod edge_room;
mod given;
mod letters;
mod members;
mod outside;
mod owned;
mod part;
mod staged;
#[cfg(test)]
mod tests;
mod told;
mod wire;

pub use owned::{Owned, Started};
pub use part::Part;
