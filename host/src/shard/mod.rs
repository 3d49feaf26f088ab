//! A shard: one thread that owns whole rooms, with all that belongs to them.
//!
//! | file | owns |
//! | --- | --- |
//! | `thread` | the thread |
//! | `command` | what other threads ask of it |
//! | `serve` | what the shard does with a command |
//! | `owner` | the owner's messages and closes, on their way to rooms |
//! | `tally` | how many clients they have reached |
//! | `question` | what other threads ask about rooms and clients |
//! | `census` | the answers |
//! | `joining` | the arrival of a client |
//! | `introduction` | the first message of one that asks for a session |
//! | `reach` | the way to a client, which may be away |
//! | `new_connection` | a connection on its way to the shard |
//! | `drain` | the end of a shard: every client is closed, in batches |
//! | `table` | the table of a shard's lines, and their flush |
//! | `sockets` | the set of their sockets, which tells which are ready |
//! | `driver` | the task that looks after all of them |
//! | `wakes` | how it is woken |
//! | `resources` | the limits, buffers and clock that they share |
//! | `line` | one client's connection |
//! | `log_limits` | how many log lines clients may cause |
//! | `clock` | the time of a shard, in few bytes |
//! | `resume` | the sessions of clients, which outlive their lines |
//! | `keepalive` | how long a client is silent, and what follows |
//! | `receipt` | how much of the bytes sent to a client has reached its machine |
//! | `holdings` | the memory that is held for clients beyond an event |
//! | `ledger` | that memory as a sum and for each client |
//! | `relief` | the verdict when it is too much |
//! | `delivery` | how far a ping or close frame has come |
//! | `reader` | the reading half of a line: frames in, inputs out |
//! | `rate` | how many messages a client may send |
//! | `traffic` | the counts of what clients send and get, and the log line at the end of each |
//! | `socket` | its socket, with or without TLS |
//! | `tls` | one client's TLS session, without I/O |
//! | `outbox` | the bytes that wait for one client |
//! | `cached_frame` | one message in the forms in which it is sent |
//! | `callers` | plain HTTP requests whose clients wait |
//! | `attending` | the task of each of them |
//! | `upgrades` | upgrade requests that wait for a decision |
//! | `rooms` | the rooms of one shard by name |
//! | `room_task` | where inputs reach a room, and where its loop runs |
//! | `room_lines` | the lines of one room |
//! | `input` | what a room is told |
//! | `mailbox` | the inputs that wait for a room |
//! | `gathering` | messages that wait until other sockets are read |
//! | `event_queue` | the messages of other rooms that wait for a room |
//! | `mail` | those messages, brought to the rooms of the shard |
//! | `incoming` | those that wait for rooms that are closed |
//! | `room_loop` | one input after the other, through the app's handlers |
//! | `collapse` | the end of a room whose loop panics |
//! | `handlers` | the call from an input to a handler |
//! | `outputs` | the commit of a turn |
//! | `journal` | the database as the journal of rooms |
//! | `exchanges` | a room's requests to HTTP servers |
//! | `effects` | a turn's outputs made visible |
//! | `occupancy` | when a room ends because nobody is in it |
//! | `hibernation` | the rooms that hibernate |
//! | `dormant` | the states and timers of closed rooms, in memory |
//! | `alarms` | when closed rooms are to be opened for a durable timer |
//! | `timer_faults` | how often the handlers of durable timers have failed |
//! | `release` | the release that a room runs |
//! | `way_back` | the releases before it, while probations run |
//! | `breaker` | how often an app may fail |
//! | `room_circuit` | the causes of a room's failures, and which of them are held off |
//! | `circuits` | the circuits of rooms that have ended, and of the starts of all rooms |
//! | `orders` | orders to rooms |
//! | `probation` | the time after a swap in which traps count against the new release |
//! | `roster` | the connected clients, for other threads to see |
//! | `counters` | what all shards count together |
//! | `traps` | the last failures of the app |
//! | `counts` | the counters of one shard |
//! | `counting` | counters of one thread |
//! | `histogram` | times in a few classes |
//! | `handler` | the handlers of an app by name |
//! | `handler_times` | how often they run, and how long |
//! | `numbers` | the numbers of a shard at one moment |
//! | `cluster` | its part in a cluster |
//! | `trial` | the trial of a release |
//! | `due` | the opening of rooms whose durable timers are due |
//! | `hearing` | the task of that |
//! | `departures` | clients with sessions that go on at another node |
//! | `measuring` | the answers to other threads that ask for them |

mod alarms;
mod attending;
mod breaker;
mod cached_frame;
mod callers;
mod census;
mod circuits;
mod clock;
mod cluster;
mod collapse;
mod command;
mod counters;
mod counting;
mod counts;
mod delivery;
mod departures;
mod dormant;
mod drain;
mod driver;
mod due;
mod effects;
mod event_queue;
mod exchanges;
mod gathering;
mod handler;
mod handler_times;
mod handlers;
mod hearing;
mod hibernation;
mod histogram;
mod holdings;
mod incoming;
mod input;
mod introduction;
mod joining;
mod journal;
mod keepalive;
mod ledger;
mod line;
mod log_limits;
mod mail;
mod mailbox;
mod measuring;
mod new_connection;
mod numbers;
mod occupancy;
mod orders;
mod outbox;
mod outputs;
mod owner;
mod probation;
mod question;
mod rate;
mod reach;
mod reader;
mod receipt;
mod release;
mod relief;
mod resources;
mod resume;
mod room_circuit;
mod room_lines;
mod room_loop;
mod room_task;
mod rooms;
mod roster;
mod serve;
mod socket;
mod sockets;
mod spans;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod thread;
mod timer_faults;
mod tls;
mod traffic;
mod traps;
mod trial;
mod upgrades;
mod wakes;
mod way_back;

pub use command::{Address, Alarm, Command, Delivery, Envelope};
pub use counters::Counters;
pub use handler::Handler;
pub use handler_times::HandlerNumbers;
pub use histogram::{BOUNDS_US, Times};
pub use measuring::Measurement;
pub use new_connection::{NewConnection, Permit};
pub use numbers::Numbers;
pub use orders::{Change, Handover, Order, Refusal, RoomSwap};
pub use probation::Probation;
pub use question::{Question, RoomPage};
pub use resume::{Claim, Departure, Peers};
pub use roster::Roster;
pub use tally::{Tallied, Tally};
pub use thread::{ShardContext, StorePlace, spawn};
pub use tls::TlsSession;
pub use traps::Trap;
