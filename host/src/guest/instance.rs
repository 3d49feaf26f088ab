//! One instance of a guest, and its calls.

use std::pin::pin;

use bytes::Bytes;
use bytestring::ByteString;
use wasmtime::{Store, component};

use super::bindings::exports::ws_host::server as exports;
use super::bindings::ws_host::server::types as wire;
use super::fault::fault;
use super::output::printable;
use super::pace::Pace;
use super::patience::Patience;
use super::state::GuestState;
use crate::app::{App, Decision, Fault, Outcome, Saved, StartReason, UpgradeRequest};
use crate::config::{Grants, Limits};
use crate::room::Room;
use crate::types::{Client, ClientId, CloseCause, CloseInfo, Message};

/// The exports that a component has: the handlers always, the others perhaps.
pub(super) struct Indices {
    pub(super) handler: exports::handler::GuestIndices,
    pub(super) gate: Option<exports::gate::GuestIndices>,
    pub(super) lifecycle: Option<exports::lifecycle::GuestIndices>,
    pub(super) flow: Option<exports::flow::GuestIndices>,
    pub(super) timers: Option<exports::timers::GuestIndices>,
}

/// A running guest. After a fault it cannot be entered again and must be dropped.
pub struct Instance {
    store: Store<GuestState>,
    patience: Patience,
    handler: exports::handler::Guest,
    gate: Option<exports::gate::Guest>,
    lifecycle: Option<exports::lifecycle::Guest>,
    flow: Option<exports::flow::Guest>,
    timers: Option<exports::timers::Guest>,
}

impl Instance {
    pub(super) async fn new(
        pre: &component::InstancePre<GuestState>,
        indices: &Indices,
        limits: &Limits,
        grants: &Grants,
        room_name: &str,
    ) -> Result<Self, Fault> {
        let pace = Pace::default();
        let patience = Patience::new(limits.call_wait, pace.clone());
        let mut store = Store::new(pre.engine(), GuestState::new(room_name, limits, grants, pace));
        store.limiter(|state| &mut state.limiter);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().tick()));
        store.set_epoch_deadline(1);
        let loaded = async {
            let instance = patience.with(pin!(pre.instantiate_async(&mut store))).await?;
            Ok(Self {
                handler: indices.handler.load(&mut store, &instance)?,
                gate: indices.gate.as_ref().map(|gate| gate.load(&mut store, &instance)).transpose()?,
                lifecycle: indices.lifecycle.as_ref().map(|it| it.load(&mut store, &instance)).transpose()?,
                flow: indices.flow.as_ref().map(|flow| flow.load(&mut store, &instance)).transpose()?,
                timers: indices.timers.as_ref().map(|it| it.load(&mut store, &instance)).transpose()?,
                store,
                patience,
            })
        };
        loaded.await.map_err(|error| fault("start-up code", &error, limits.call_timeout))
    }
}

/// A call is about to run: its store gets the room, and its time starts.
fn enter(store: &mut Store<GuestState>, room: &mut Room) {
    std::mem::swap(room, &mut store.data_mut().room);
    store.data_mut().begin_call();
    store.set_epoch_deadline(1);
}

/// The call has ended: the room comes back, and an error becomes a fault of this handler.
fn leave<T>(store: &mut Store<GuestState>, room: &mut Room, handler: &str, result: wasmtime::Result<T>) -> Result<T, Fault> {
    std::mem::swap(room, &mut store.data_mut().room);
    result.map_err(|error| fault(handler, &error, store.data().call_timeout()))
}

impl App for Instance {
    async fn on_start(&mut self, room: &mut Room, reason: StartReason, saved: Option<Saved>) -> Outcome {
        let Some(lifecycle) = &self.lifecycle else { return Ok(()) };
        enter(&mut self.store, room);
        let saved = saved.as_ref().map(|saved| exports::lifecycle::SavedParam { version: &saved.version, data: &saved.data });
        let result = self.patience.with(pin!(lifecycle.call_on_start(&mut self.store, start_reason(reason), saved))).await;
        match leave(&mut self.store, room, "on-start", result)? {
            Ok(()) => Ok(()),
            Err(refusal) => Err(Fault::new(format!("the guest's on-start refused: {}", in_short(&refusal)))),
        }
    }

    async fn on_new_client(&mut self, room: &mut Room, client: &Client) -> Outcome {
        let request = &client.request;
        let headers: Vec<_> = request.headers().collect();
        let ip = client.address.ip().to_string();
        let client = wire::Client {
            id: client.id.get(),
            address: wire::Address { ip: &ip, port: client.address.port() },
            path: request.path(),
            query: request.query(),
            headers: &headers,
            subprotocol: client.subprotocol.as_deref(),
        };
        enter(&mut self.store, room);
        let result = self.patience.with(pin!(self.handler.call_on_new_client(&mut self.store, client))).await;
        leave(&mut self.store, room, "on-new-client", result)
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        enter(&mut self.store, room);
        let payload = match &message {
            Message::Text(text) => wire::Message::Text(text),
            Message::Binary(data) => wire::Message::Binary(data),
        };
        let result = self.patience.with(pin!(self.handler.call_on_message(&mut self.store, from.get(), payload))).await;
        leave(&mut self.store, room, "on-message", result)
    }

    async fn on_client_left(&mut self, room: &mut Room, client: ClientId, info: &CloseInfo) -> Outcome {
        enter(&mut self.store, room);
        let info = wire::CloseInfo { code: info.code, reason: &info.reason, clean: info.clean, cause: close_cause(info.cause) };
        let result = self.patience.with(pin!(self.handler.call_on_client_left(&mut self.store, client.get(), info))).await;
        leave(&mut self.store, room, "on-client-left", result)
    }

    async fn on_upgrade(&mut self, room: &mut Room, request: &UpgradeRequest) -> Result<Decision, Fault> {
        let Some(gate) = &self.gate else { return Ok(Decision::Accept(None)) };
        let headers: Vec<_> = request.request.headers().collect();
        let subprotocols: Vec<_> = request.subprotocols.iter().map(String::as_str).collect();
        let ip = request.address.ip().to_string();
        let asked = exports::gate::Request {
            address: wire::Address { ip: &ip, port: request.address.port() },
            path: request.request.path(),
            query: request.request.query(),
            headers: &headers,
            subprotocols: &subprotocols,
        };
        enter(&mut self.store, room);
        let result = self.patience.with(pin!(gate.call_on_upgrade(&mut self.store, asked))).await;
        Ok(match leave(&mut self.store, room, "on-upgrade", result)? {
            exports::gate::Decision::Accept(subprotocol) => Decision::Accept(subprotocol.map(ByteString::from)),
            exports::gate::Decision::Refuse(status) => Decision::Refuse(status),
            exports::gate::Decision::Close(rejection) => Decision::Close(rejection.code, rejection.reason.into()),
        })
    }

    async fn on_drain(&mut self, room: &mut Room, client: ClientId) -> Outcome {
        let Some(flow) = &self.flow else { return Ok(()) };
        enter(&mut self.store, room);
        let result = self.patience.with(pin!(flow.call_on_drain(&mut self.store, client.get()))).await;
        leave(&mut self.store, room, "on-drain", result)
    }

    async fn on_timer(&mut self, room: &mut Room, timer: u64, payload: Bytes) -> Outcome {
        let Some(timers) = &self.timers else { return Ok(()) };
        enter(&mut self.store, room);
        let result = self.patience.with(pin!(timers.call_on_timer(&mut self.store, timer, &payload))).await;
        leave(&mut self.store, room, "on-timer", result)
    }

    async fn snapshot(&mut self, room: &mut Room) -> Result<Option<Saved>, Fault> {
        let Some(lifecycle) = &self.lifecycle else { return Ok(None) };
        enter(&mut self.store, room);
        let result = self.patience.with(pin!(lifecycle.call_snapshot(&mut self.store))).await;
        let saved = leave(&mut self.store, room, "snapshot", result)?;
        Ok(Some(Saved { version: saved.version, data: saved.data.into() }))
    }
}

/// A guest's own words, in one line that it cannot make as long as it likes.
fn in_short(text: &str) -> String {
    const MAX_LETTERS: usize = 500;
    let more = if text.chars().nth(MAX_LETTERS).is_some() { "…" } else { "" };
    let start: String = text.chars().take(MAX_LETTERS).collect();
    format!("{}{more}", printable(&start))
}

fn start_reason(reason: StartReason) -> exports::lifecycle::StartReason {
    match reason {
        StartReason::Fresh => exports::lifecycle::StartReason::Fresh,
        StartReason::Swap => exports::lifecycle::StartReason::Swap,
        StartReason::AfterTrap => exports::lifecycle::StartReason::AfterTrap,
    }
}

fn close_cause(cause: CloseCause) -> wire::CloseCause {
    match cause {
        CloseCause::Client => wire::CloseCause::Client,
        CloseCause::Guest => wire::CloseCause::Guest,
        CloseCause::Lost => wire::CloseCause::Lost,
        CloseCause::Timeout => wire::CloseCause::Timeout,
        CloseCause::Protocol => wire::CloseCause::Protocol,
        CloseCause::TooBig => wire::CloseCause::TooBig,
        CloseCause::Policy => wire::CloseCause::Policy,
        CloseCause::Overload => wire::CloseCause::Overload,
        CloseCause::Trap => wire::CloseCause::Trap,
        CloseCause::Restart => wire::CloseCause::Restart,
        CloseCause::Shutdown => wire::CloseCause::Shutdown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_own_words_are_one_line_of_bounded_length() {
        assert_eq!(in_short("no\nroom"), "no\\nroom");
        let long = in_short(&"é".repeat(1 << 20));
        assert_eq!((long.chars().count(), long.chars().last()), (501, Some('…')));
    }
}
