//! The takeover of a server, as the server itself knows of it.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::watch;

use crate::front::Shared;

/// The process that takes a server's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Successor {
    /// Its number, as this process sees it. A process of another container may have none here.
    pub pid: Option<u32>,
}

impl fmt::Display for Successor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}

/// The takeover of one server. A clone costs a reference count.
#[derive(Clone, Default)]
pub struct Succession {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    state: watch::Sender<State>,
    /// Called when the successor is the service, before it is told so.
    told: OnceLock<Box<dyn Fn(Successor) + Send + Sync>>,
    /// The listening sockets of a server that has ended for a process which failed then.
    sockets: Mutex<Vec<Shared>>,
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum State {
    /// No process takes over, or it has given up.
    #[default]
    None,
    /// A process gets ready.
    UnderWay,
    /// Another process serves.
    Done,
    /// The service has ended for a process that failed then, for this reason.
    NobodyServes(String),
}

/// A takeover that is under way. Dropping it lets another one begin, unless this one is done.
#[derive(Debug)]
pub struct UnderWay(Succession);

impl fmt::Debug for Succession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Succession").field(&*self.inner.state.borrow()).finish()
    }
}

impl Succession {
    /// Begins a takeover, unless one is under way or done.
    pub fn begin(&self) -> Option<UnderWay> {
        self.change(&State::None, State::UnderWay).then(|| UnderWay(self.clone()))
    }

    /// Calls this when another process has taken over, before that process is told. Only the first call counts.
    pub fn tell(&self, told: impl Fn(Successor) + Send + Sync + 'static) {
        let _ = self.inner.told.set(Box::new(told));
    }

    /// Whether another process serves in place of this one.
    pub(crate) fn is_done(&self) -> bool {
        *self.inner.state.borrow() == State::Done
    }

    /// The listening sockets, if the service has ended for a process that failed then. Only the first call gets them.
    pub(crate) fn take_sockets(&self) -> Vec<Shared> {
        std::mem::take(&mut self.inner.sockets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until no takeover is under way.
    ///
    /// # Errors
    /// The service has ended for a process that failed then. The reason says why.
    pub async fn over(&self) -> Result<(), String> {
        let mut state = self.inner.state.subscribe();
        match state.wait_for(|state| *state != State::UnderWay).await.as_deref() {
            Ok(State::NobodyServes(reason)) => Err(reason.clone()),
            _ => Ok(()),
        }
    }

    fn change(&self, from: &State, to: State) -> bool {
        self.inner.state.send_if_modified(|state| {
            let is_from = state == from;
            if is_from {
                *state = to;
            }
            is_from
        })
    }
}

impl UnderWay {
    /// The other process serves now.
    pub fn done(self, successor: Successor) {
        if let Some(told) = self.0.inner.told.get() {
            told(successor);
        }
        self.0.change(&State::UnderWay, State::Done);
    }

    /// The other process has failed after the service had ended. These sockets still listen.
    pub(crate) fn nobody_serves(self, reason: String, sockets: Vec<Shared>) {
        *self.0.inner.sockets.lock().unwrap_or_else(PoisonError::into_inner) = sockets;
        self.0.change(&State::UnderWay, State::NobodyServes(reason));
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.change(&State::UnderWay, State::None);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const SUCCESSOR: Successor = Successor { pid: Some(7) };

    #[tokio::test]
    async fn one_takeover_runs_at_a_time_and_the_next_may_begin_when_it_gives_up() {
        let succession = Succession::default();
        let first = succession.begin().expect("none is under way");
        assert!(succession.begin().is_none());
        drop(first);
        let second = succession.begin().expect("the first has given up");
        second.done(SUCCESSOR);
        assert!(succession.begin().is_none(), "the server has a successor");
        assert_eq!(succession.over().await, Ok(()));
    }

    #[tokio::test]
    async fn a_server_that_has_ended_for_a_process_which_failed_says_so() {
        let succession = Succession::default();
        assert_eq!(succession.over().await, Ok(()));
        succession.begin().expect("none is under way").nobody_serves("no data".into(), Vec::new());
        assert_eq!(succession.over().await, Err("no data".into()));
    }

    #[test]
    fn the_owner_is_told_of_the_successor() {
        let (succession, told) = (Succession::default(), Arc::new(Mutex::new(Vec::new())));
        let heard = Arc::clone(&told);
        succession.tell(move |successor| heard.lock().expect("no test has panicked").push(successor));
        succession.begin().expect("none is under way").done(SUCCESSOR);
        assert_eq!(*told.lock().expect("no test has panicked"), [SUCCESSOR]);
    }
}
