//! The release that a room runs: its instance, its saved state, and the way back to the release before.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use super::handler::Handler;
use super::handlers::measured;
use super::probation::Probation;
use super::resources::Resources;
use super::room_circuit::{Cause, RoomCircuit, Verdict};
use super::way_back::WayBack;
use crate::app::{Fault, Launch, ReleaseId, Saved};
use crate::store::Snapshot;

/// The release of one room.
pub(super) struct Release<L: Launch> {
    launch: L,
    /// The running instance; none while the circuit is open.
    app: Option<L::App>,
    /// The last result of `snapshot`.
    saved: Option<Saved>,
    /// The states that the room had when it opened, the newest first.
    found: Vec<Snapshot>,
    way_back: WayBack<L>,
    circuit: RoomCircuit,
}

impl<L: Launch> Release<L> {
    /// A release without an instance. If it is on probation, `way_back` leads to the releases before it.
    pub(super) fn new(launch: L, way_back: WayBack<L>, circuit: RoomCircuit) -> Self {
        Self { launch, app: None, saved: None, found: Vec::new(), way_back, circuit }
    }

    /// The running instance.
    pub(super) fn app(&mut self) -> Option<&mut L::App> {
        self.app.as_mut()
    }

    /// The names of the release.
    pub(super) fn id(&self) -> ReleaseId {
        self.launch.id()
    }

    /// Whether the app decides about upgrade requests.
    pub(super) fn has_gate(&self) -> bool {
        self.launch.has_gate()
    }

    /// Whether the app answers plain HTTP requests.
    pub(super) fn answers_requests(&self) -> bool {
        self.launch.answers_requests()
    }

    /// The state for the next instance.
    pub(super) fn saved(&self) -> Option<Saved> {
        self.saved.clone()
    }

    /// The room opens with these states, the newest first. The next instance gets `saved`.
    pub(super) fn restore(&mut self, found: Vec<Snapshot>, saved: Option<Saved>) {
        (self.found, self.saved) = (found, saved);
    }

    /// The states that the room had when it opened.
    pub(super) fn found(&self) -> Vec<Snapshot> {
        self.found.clone()
    }

    /// The states to keep when the room closes and its instance has saved this one, the newest first. While something leads back, those of
    /// the releases before stay.
    pub(super) fn states(&self, newest: Option<Saved>, now_us: u64) -> Vec<Snapshot> {
        let snapshot = |ReleaseId { name, sha256 }, Saved { version, data }| Snapshot {
            release: name,
            sha256,
            version,
            data,
            saved_us: now_us,
        };
        let mut states: Vec<_> = newest.map(|saved| snapshot(self.launch.id(), saved)).into_iter().collect();
        if !self.way_back.is_empty() {
            let earlier = self.way_back.states().map(|(launch, saved)| snapshot(launch.id(), saved.clone()));
            for earlier in earlier.chain(self.found()) {
                if states.iter().all(|state| state.sha256 != earlier.sha256) {
                    states.push(earlier);
                }
            }
        }
        states
    }

    /// Makes an instance for the room of this name. It does not run yet.
    pub(super) async fn launch(&self, by: &Resources, room: &str) -> Result<L::App, Fault> {
        measured(by, Handler::Launch, pin!(self.launch.launch(room))).await
    }

    /// The instance has started and runs from now on. Returns whether that closes an open circuit.
    pub(super) fn run(&mut self, app: L::App) -> bool {
        self.app = Some(app);
        self.circuit.close()
    }

    /// Drops the instance.
    pub(super) fn stop(&mut self) {
        self.app = None;
    }

    /// Drops the instance and its state: the room starts anew.
    pub(super) fn reset(&mut self) {
        (self.app, self.saved) = (None, None);
    }

    /// Notes a failure against a probation that runs.
    pub(super) fn count_trap(&self, now: Instant) {
        self.way_back.count_trap(now);
    }

    /// Counts a failure with its cause, and returns the consequence.
    pub(super) fn judge(&mut self, cause: Cause, now: Instant) -> Verdict {
        self.circuit.judge(cause, now)
    }

    /// Whether clients of this address are held off, because the app has failed on too many of them.
    pub(super) fn holds_off(&self, address: IpAddr, now: impl FnOnce() -> Instant) -> bool {
        self.circuit.holds_off(address, now)
    }

    /// The app has handled a message of another room.
    pub(super) fn note_event(&mut self) {
        self.circuit.note_event();
    }

    /// Opens the circuit: no instance starts for one window.
    pub(super) fn open_circuit(&mut self, now: Instant) {
        self.circuit.open(now);
    }

    /// When an open circuit lets the next instance start.
    pub(super) fn circuit_open_until(&self) -> Option<Instant> {
        self.circuit.open_until()
    }

    /// The circuit, which outlives the room.
    pub(super) fn into_circuit(self) -> RoomCircuit {
        self.circuit
    }

    /// Goes over to a new release, whose instance is to `run` next, and keeps the way back.
    pub(super) fn replace(&mut self, next: L, saved: Option<Saved>, probation: Arc<Probation>) {
        let launch = std::mem::replace(&mut self.launch, next);
        self.way_back.add(launch, saved.clone(), probation);
        self.saved = saved;
        self.circuit.forgive();
    }

    /// Goes back to the release before the swap of this probation, with the state at that swap. The instance is dropped, and a new one
    /// is to be launched. Returns false if this room took no part in that swap.
    pub(super) fn revert(&mut self, probation: &Arc<Probation>) -> bool {
        let Some((launch, saved)) = self.way_back.take(probation) else { return false };
        (self.app, self.launch, self.saved) = (None, launch, saved);
        self.circuit.forgive();
        true
    }

    /// The probation has passed: there is no way back any more.
    pub(super) fn settle(&mut self) {
        self.way_back.clear();
    }
}
