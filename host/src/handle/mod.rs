//! A server's remote control, for any thread.
//!
//! | file | owns |
//! | --- | --- |
//! | `delivering` | the owner's messages to clients, and their disconnection |
//! | `listing` | lists of rooms, clients and users |
//! | `here` | those of this process |
//! | `events` | events from outside |
//! | `state` | the state of the server |
//! | `lifetime` | its start and its end |
//! | `cluster` | the cluster that it is a node of |
//! | `peers/` | the other nodes |

mod cluster;
mod delivering;
mod events;
mod here;
mod lifetime;
mod listing;
mod peers;
mod state;
#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use lifetime::{Lifetime, Stage};
use peers::Link;
pub(crate) use peers::{by_nats, sessions_by_nats};

use crate::bus::Bus;
use crate::config::Config;
use crate::error::Error;
use crate::front::{Notice, Reins, Tls};
use crate::inventory::Receivers;
use crate::live::Live;
use crate::log::LogTail;
use crate::metrics::Sources;
use crate::shard::{Command, Counters, Delivery, Roster};
use crate::socket_file::FileId;
use crate::store::Database;
use crate::swap::{Handover, History, ReleaseInfo, Releases, Source, SwapReport};
use crate::types::{Client, ClientId, CloseInfo, Message};

/// A server's remote control. A clone costs a reference count. Only `reload_tls` blocks.
///
/// Commands take effect between two handlers of a room, in the order of the calls of one thread. In a cluster, lists tell of all nodes, and
/// messages and disconnections reach the clients of all nodes. The rest is about this node. There a call is behind an earlier one that has resolved.
#[derive(Debug, Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    controls: Controls,
    stage: watch::Sender<Stage>,
    lifetime: Lifetime,
}

/// The parts of a server that a handle acts on.
#[derive(Debug)]
pub(crate) struct Controls {
    /// Where each shard takes commands.
    pub shards: Vec<mpsc::Sender<Command>>,
    /// The connected clients.
    pub roster: Arc<Roster>,
    /// The numbers of rooms, and the last traps.
    pub counters: Arc<Counters>,
    /// When the server started.
    pub started: SystemTime,
    /// False while new clients are denied.
    pub admitting: Arc<AtomicBool>,
    /// The page's notice.
    pub notice: Notice,
    /// The last lines of the log, if its owner gives them.
    pub log_tail: Option<LogTail>,
    /// The releases of a component; a native app has none.
    pub releases: Option<Arc<Releases>>,
    /// The way of messages to rooms, and their names.
    pub bus: Arc<Bus>,
    /// The database that keeps the rooms.
    pub database: Option<Database>,
    /// The wishes to the loop that accepts connections.
    pub reins: Reins,
    /// The data folder, if the server has one.
    pub data: Option<FileId>,
    /// The parts whose settings can change.
    pub live: Live,
    /// How long a shutdown waits before it begins, and how long it may take then.
    pub drain: Mutex<(Duration, Duration)>,
    /// The size of the largest message.
    pub max_message_bytes: usize,
    /// The parts that metrics ask.
    pub sources: Sources,
    /// The way to the other nodes, if the server is a node of a cluster.
    pub cluster: Option<Arc<dyn Link>>,
}

impl Handle {
    pub(crate) fn new(controls: Controls) -> Self {
        let stage = watch::Sender::new(Stage::Starting);
        let handle = Self { inner: Arc::new(Inner { controls, stage, lifetime: Lifetime::default() }) };
        handle.serve_peers();
        handle
    }

    /// The clients that are connected to this node, in the order in which they came.
    pub fn clients(&self) -> Vec<Client> {
        self.inner.controls.roster.clients()
    }

    /// Sends a message to one client.
    ///
    /// # Errors
    /// `NoSuchClient`, `MessageTooBig`, `Busy` or `Stopped`. A client that leaves before the message is sent does not get it.
    pub fn send(&self, to: ClientId, message: impl Into<Message>) -> Result<(), Error> {
        self.post(&Receivers::Client(to), message)
    }

    /// Sends a message to all clients.
    ///
    /// # Errors
    /// `MessageTooBig`, `Busy` or `Stopped`.
    pub fn broadcast(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.post(&Receivers::All, message)
    }

    /// Sends a message to the members of a room. If no room has that name, nobody gets it. The name need not be in normal form: `café`
    /// stands for `caf%C3%A9`.
    ///
    /// # Errors
    /// `MessageTooBig`, `Busy` or `Stopped`.
    pub fn send_to_room(&self, room: &str, message: impl Into<Message>) -> Result<(), Error> {
        self.post(&Receivers::Room(room.to_owned()), message)
    }

    /// Sends a message to the subscribers of a topic in a room. If no room has that name, nobody gets it.
    ///
    /// # Errors
    /// `MessageTooBig`, `Busy` or `Stopped`.
    pub fn publish(&self, room: &str, topic: &str, message: impl Into<Message>) -> Result<(), Error> {
        self.post(&Receivers::Topic { room: room.to_owned(), topic: topic.to_owned() }, message)
    }

    /// From now on, new clients are refused with HTTP status 503. Connected clients stay.
    pub fn deny_new_clients(&self) {
        self.inner.controls.admitting.store(false, Relaxed);
    }

    /// Takes `deny_new_clients` back. A room whose guest denies new clients goes on denying them.
    pub fn allow_new_clients(&self) {
        self.inner.controls.admitting.store(true, Relaxed);
    }

    /// Whether new clients are admitted.
    pub fn is_admitting(&self) -> bool {
        self.inner.controls.admitting.load(Relaxed)
    }

    /// Closes every client with 1001; the server goes on.
    ///
    /// # Errors
    /// `Busy` or `Stopped`.
    pub fn disconnect_clients(&self) -> Result<(), Error> {
        self.give(&Receivers::All, &Delivery::Close(CloseInfo::disconnected())).map(drop)
    }

    /// The certificate, if the server speaks TLS.
    pub(crate) fn tls(&self) -> Option<&Arc<Tls>> {
        self.inner.controls.live.policy.tls.as_ref()
    }

    /// Replaces the component by the one in this file. The clients stay connected. A swap that has begun goes on if this future is
    /// dropped, and a later swap waits for it.
    ///
    /// # Errors
    /// The component is refused, and nothing has changed; or the app is not a component.
    pub async fn swap(&self, file: &Path) -> Result<SwapReport, Error> {
        self.change(Source::File(file.to_owned()), Handover::Snapshot).await
    }

    /// The same as `swap` for a component in memory. Its name stands for the file in reports and in the log.
    ///
    /// # Errors
    /// As `swap`.
    pub async fn swap_bytes(&self, name: impl Into<String>, component: impl Into<Bytes>) -> Result<SwapReport, Error> {
        self.change(Source::Bytes(name.into(), component.into()), Handover::Snapshot).await
    }

    /// The same as `swap` without the rooms' states: no instance is asked for its `snapshot`, and the new ones start without one. It
    /// replaces a component that cannot hand its state over. If a room refuses the new component, the rooms that have changed
    /// already go back without their state.
    ///
    /// # Errors
    /// As `swap`.
    pub async fn swap_discarding_state(&self, file: &Path) -> Result<SwapReport, Error> {
        self.change(Source::File(file.to_owned()), Handover::Discard).await
    }

    /// Goes back to the previous release, with the state of the running one.
    ///
    /// # Errors
    /// The running release is the first one, the previous one is refused, or the app is not a component.
    pub async fn rollback(&self) -> Result<SwapReport, Error> {
        self.go_back(Handover::Snapshot).await
    }

    /// The same as `rollback` without the rooms' states, as in `swap_discarding_state`.
    ///
    /// # Errors
    /// As `rollback`.
    pub async fn rollback_discarding_state(&self) -> Result<SwapReport, Error> {
        self.go_back(Handover::Discard).await
    }

    /// Loads the certificate and its key from their files again. New connections get the new certificate; open ones go on.
    /// A server without TLS has nothing to load. Blocks while it reads the files.
    ///
    /// # Errors
    /// `Error::Tls`: the new certificate cannot be used, and the server keeps the old one.
    pub fn reload_tls(&self) -> Result<(), Error> {
        self.inner.controls.live.policy.tls.as_ref().map_or(Ok(()), |tls| tls.reload())
    }

    /// Takes on other settings, which are checked, as far as a running server can. Blocks while it reads files.
    pub(crate) fn take_on(&self, config: Config, tls: Option<&Tls>) -> Result<(), Error> {
        let controls = &self.inner.controls;
        let limits = config.limits.clone().within_reach();
        controls.live.take_on(config, &limits, tls)?;
        *controls.drain.lock().unwrap_or_else(PoisonError::into_inner) = (limits.drain_delay, limits.drain_timeout);
        controls.reins.rate.send_replace(limits.accepts_per_second);
        Ok(())
    }

    /// The last lines of the log, if the builder was given its tail.
    pub fn log_tail(&self) -> Option<&LogTail> {
        self.inner.controls.log_tail.as_ref()
    }

    /// The running release, if the app is a component.
    pub fn release(&self) -> Option<ReleaseInfo> {
        Some(self.inner.controls.releases.as_ref()?.history().release)
    }

    /// The releases of a component.
    pub(crate) fn history(&self) -> Result<History, Error> {
        Ok(self.releases()?.history())
    }

    /// Swaps to this component.
    pub(crate) async fn change(&self, component: Source, handover: Handover) -> Result<SwapReport, Error> {
        self.releases()?.swap(component, handover).await
    }

    /// Swaps to the previous release.
    pub(crate) async fn go_back(&self, handover: Handover) -> Result<SwapReport, Error> {
        self.releases()?.rollback(handover).await
    }

    /// Shows this text on the page, if the server was built with `notices`. An empty text removes it.
    pub fn set_notice(&self, text: impl Into<String>) {
        self.inner.controls.notice.set(text.into());
    }

    /// Has browsers load the pages of `Builder::static_files` anew, if the server was built with `notices`: their files have changed.
    pub fn pages_changed(&self) {
        self.inner.controls.notice.pages_changed();
    }

    fn releases(&self) -> Result<&Arc<Releases>, Error> {
        self.inner.controls.releases.as_ref().ok_or(Error::NotAComponent)
    }

    /// The size of the largest message.
    pub(crate) fn max_message_bytes(&self) -> usize {
        self.inner.controls.max_message_bytes
    }

    fn checked(&self, message: Message) -> Result<Message, Error> {
        let (size, limit) = (message.as_bytes().len(), self.inner.controls.max_message_bytes);
        if size > limit { Err(Error::MessageTooBig { size, limit }) } else { Ok(message) }
    }

    fn post(&self, to: &Receivers, message: impl Into<Message>) -> Result<(), Error> {
        let message = self.checked(message.into())?;
        self.give(to, &Delivery::Message(message)).map(drop)
    }

    /// Gives shards their commands: all of them, or none.
    fn commands(&self, commands: Vec<(usize, Command)>) -> Result<(), Error> {
        if self.has_ended() {
            return Err(Error::Stopped);
        }
        let mut permits = Vec::with_capacity(commands.len());
        for (shard, command) in commands {
            let shard = &self.inner.controls.shards[shard];
            let permit = shard.try_reserve().map_err(|error| match error {
                mpsc::error::TrySendError::Full(()) => Error::Busy(shard.max_capacity()),
                mpsc::error::TrySendError::Closed(()) => Error::Stopped,
            })?;
            permits.push((permit, command));
        }
        permits.into_iter().for_each(|(permit, command)| permit.send(command));
        Ok(())
    }
}
