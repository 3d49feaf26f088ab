//! The start and the end of a server, as its handle sees and causes them.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::Handle;
use crate::fetch::Outlet;
use crate::front::{About, Part, Shared, Stop, Why};
use crate::socket_file::FileId;
use crate::succession::Succession;
use crate::swap::Running;

/// How far a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Starting,
    Serving,
    Ended,
}

/// The end of a server, and its handover to another process.
#[derive(Debug, Default)]
pub(super) struct Lifetime {
    succession: Succession,
    /// Whether the owner has ended it.
    is_shut_down: AtomicBool,
    /// The listening sockets of the API's doors, while they are open.
    doors: Mutex<Vec<(Part, Weak<TcpListener>)>>,
}

impl Handle {
    /// Ends the server. After the drain delay it stops accepting, closes its clients with 1001, and waits for their close frames and for the
    /// app, at most for the drain timeout. Then `Server::run` returns.
    pub fn shutdown(&self) {
        self.inner.lifetime.is_shut_down.store(true, Relaxed);
        self.stop(Why::Shutdown);
    }

    /// Whether the owner has ended the server, also while another process was taking it over: then it does not serve again if that one fails.
    pub fn is_shut_down(&self) -> bool {
        self.inner.lifetime.is_shut_down.load(Relaxed)
    }

    /// Waits until the server accepts connections, or has ended. One that takes another's place serves when that one has left.
    pub async fn serving(&self) {
        self.reached(Stage::Serving).await;
    }

    /// The takeover of the server by another process.
    pub fn succession(&self) -> &Succession {
        &self.inner.lifetime.succession
    }

    /// Ends the server, since another process takes its place.
    pub(crate) fn end_for_successor(&self) {
        self.stop(Why::Takeover);
    }

    fn stop(&self, why: Why) {
        let delay = if why == Why::Shutdown { self.drain().0 } else { Duration::ZERO };
        let deadline = self.drain_deadline() + delay;
        // A second call does not move the deadline.
        self.inner
            .controls
            .reins
            .stop
            .send_if_modified(|stop| stop.is_none().then(|| *stop = Some(Stop { delay, deadline, why })).is_some());
    }

    /// The listening sockets, for another process.
    pub(crate) async fn sockets(&self) -> io::Result<Vec<Shared>> {
        let (wish, answer) = oneshot::channel();
        let ended = |_| io::Error::other("the server accepts no connection any more");
        self.inner.controls.reins.sockets.send(wish).await.map_err(|_| io::Error::other("the server has ended"))?;
        let mut sockets = answer.await.map_err(ended)??;
        let doors = self.inner.lifetime.doors.lock().unwrap_or_else(PoisonError::into_inner);
        for (part, socket) in doors.iter() {
            if let Some(socket) = socket.upgrade() {
                let about = About { part: *part, ..About::default() };
                sockets.push(Shared { descriptor: socket.as_fd().try_clone_to_owned()?, about, is_left: None });
            }
        }
        Ok(sockets)
    }

    /// Notes the listening socket of a door, for another process that takes over.
    pub(crate) fn listens(&self, part: Part, socket: &Arc<TcpListener>) {
        self.inner.lifetime.doors.lock().unwrap_or_else(PoisonError::into_inner).push((part, Arc::downgrade(socket)));
    }

    /// Waits until the doors with addresses belong to another process, or the server has ended. Returns whether it is the former.
    pub(crate) async fn doors_are_left(&self) -> bool {
        let mut stop = self.inner.controls.reins.stop.subscribe();
        let is_left = stop.wait_for(|stop| stop.is_some_and(|stop| stop.why == Why::Takeover));
        tokio::select! {
            is_left = is_left => is_left.is_ok(),
            () = self.ended() => false,
        }
    }

    /// The rules of HTTP requests.
    pub(crate) fn outlet(&self) -> &Arc<Outlet> {
        &self.inner.controls.live.outlet
    }

    /// The release that runs, and its engine, if the app is a component.
    pub(crate) fn running(&self) -> Option<Running> {
        Some(self.inner.controls.releases.as_ref()?.running())
    }

    /// The data folder.
    pub(crate) fn data_folder(&self) -> Option<FileId> {
        self.inner.controls.data
    }

    pub(super) fn has_ended(&self) -> bool {
        *self.inner.stage.borrow() == Stage::Ended
    }

    /// Waits until the server has ended.
    pub(crate) async fn ended(&self) {
        self.reached(Stage::Ended).await;
    }

    async fn reached(&self, least: Stage) {
        // The sender lives as long as this handle.
        let _ = self.inner.stage.subscribe().wait_for(|stage| *stage >= least).await;
    }

    /// Notes that the server accepts connections.
    pub(crate) fn serves(&self) {
        self.inner.stage.send_if_modified(|stage| (*stage < Stage::Serving).then(|| *stage = Stage::Serving).is_some());
    }

    /// By when a shutdown that begins now is to end.
    pub(crate) fn drain_deadline(&self) -> Instant {
        Instant::now() + self.drain().1
    }

    /// How long a shutdown waits before it begins, and how long it may take then.
    fn drain(&self) -> (Duration, Duration) {
        *self.inner.controls.drain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether new clients may be sent to the server, or to the process that serves in its place.
    pub(crate) fn is_serving(&self) -> bool {
        !self.is_stopping() || self.succession().is_done()
    }

    /// Whether the server shuts down or has ended.
    pub(crate) fn is_stopping(&self) -> bool {
        self.inner.controls.reins.stop.borrow().is_some() || self.has_ended()
    }

    pub(crate) fn stopped(&self) {
        self.inner.stage.send_replace(Stage::Ended);
    }
}
