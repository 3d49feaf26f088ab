//! The numbers of a shard at one moment, for other threads.

use std::time::Duration;

use super::handler::Handler;
use super::handler_times::HandlerNumbers;
use super::histogram::Times;
use super::traffic::Count;
use crate::close::CloseCause;
use crate::refusal::Reason;

/// The counters of a shard, and how much it holds now. The default is that of a shard which has done nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers {
    /// Clients that are connected.
    pub connections: u64,
    /// Clients that have lost their connection, and whose sessions wait for the next one.
    pub away: u64,
    /// The bytes that wait for them, and their own.
    pub away_bytes: u64,
    /// Clients that have connected.
    pub opened: u64,
    /// Clients that have gone, by cause.
    pub closed: [u64; CloseCause::ALL.len()],
    /// Upgrade requests that rooms have refused, by reason.
    pub refused: [u64; Reason::ALL.len()],
    /// The traffic from clients.
    pub received: Count,
    /// The traffic to clients.
    pub sent: Count,
    /// The handlers of apps.
    pub handlers: [HandlerNumbers; Handler::ALL.len()],
    /// Rooms that have opened.
    pub rooms_opened: u64,
    /// Things that flow faster than they are taken.
    pub pressure: Pressure,
    /// How late the shard's own timer ran.
    pub lag: Times,
    /// How long the shard's thread had something to do.
    pub busy: Duration,
}

/// Things that flow faster than they are taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pressure {
    /// Writes of which the kernel has not taken everything.
    pub blocked_writes: u64,
    /// Messages that have taken a client over its soft limit.
    pub over_soft: u64,
    /// Times that a line was not read further.
    pub held_back: u64,
    /// Clients now of which the kernel takes nothing more.
    pub blocked_clients: u64,
    /// Bytes that wait now to be written to clients.
    pub outbox_bytes: u64,
    /// Inputs that wait now for rooms.
    pub inputs: u64,
    /// The most inputs that wait now for one room.
    pub most_inputs: u64,
    /// The memory of the inputs that wait now.
    pub input_bytes: u64,
}
