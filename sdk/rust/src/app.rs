//! What an application implements.

pub use crate::bindings::gate::exports::ws_host::server::gate::{Decision, Rejection, Request};
pub use crate::bindings::lifecycle::exports::ws_host::server::lifecycle::{Saved, StartReason};

use crate::clients::find_header;
use crate::control::TimerId;
use crate::{Client, ClientId, CloseInfo, Message};

/// An application: its fields are the state of one room, its methods what happens there.
///
/// Each instance begins with `Default`. For each client `on_new_client` is called once, then `on_message` for each
/// of its messages in their order, then `on_client_left` exactly once. No two handlers run at the same time. A
/// handler that panics loses its effects and the state: a fresh instance starts. See [`export!`](crate::export).
pub trait App: Default + 'static {
    /// A client has connected. It is already a member: a broadcast from here reaches it too.
    fn on_new_client(&mut self, client: Client) {
        let _ = client;
    }

    /// A client has sent a message.
    fn on_message(&mut self, from: ClientId, message: Message) {
        let _ = (from, message);
    }

    /// A client has gone. It is no longer a member, but [`client`](crate::client) and
    /// [`attachment`](crate::attachment) still know it while this handler runs.
    fn on_client_left(&mut self, id: ClientId, info: CloseInfo) {
        let _ = (id, info);
    }
}

/// Decides who comes in. Without it, everybody whom the host's own rules admit.
pub trait Gate: App {
    /// Decides about an upgrade request. There is no client yet, and hence no id to send to.
    fn on_upgrade(&mut self, request: Request) -> Decision;
}

impl Request {
    /// The value of the first header of that name, in whatever case the name is given.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

/// Carries the state over from one instance to the next.
pub trait Lifecycle: App {
    /// Called before any other handler. `saved` is what [`snapshot`](Self::snapshot) gave last, if anything.
    ///
    /// An error refuses the instance: a swap is called off, a start of the host fails with this message.
    fn on_start(&mut self, reason: StartReason, saved: Option<Saved>) -> Result<(), String>;

    /// Gives the state to keep, at most 16 MiB, just before a new release takes over. Its effects are dropped.
    fn snapshot(&self) -> Saved;
}

/// Hears from clients that were slow.
pub trait Flow: App {
    /// A client that had passed the soft limit has read all that waited for it.
    fn on_drain(&mut self, id: ClientId);
}

/// Receives the timers that were set with [`control::set_timer`](crate::control::set_timer).
pub trait Timers: App {
    /// A timer is due.
    fn on_timer(&mut self, id: TimerId, payload: Vec<u8>);
}
