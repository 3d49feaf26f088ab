//! One instance of a guest, and its calls.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use bytes::Bytes;
use bytestring::ByteString;
use wasmtime::{Store, component};

use super::batch;
use super::bindings::exports::ws_host::server as exports;
use super::bindings::ws_host::server::http as outgoing;
use super::bindings::ws_host::server::types as wire;
use super::call::GuestStore;
use super::exports::{ExportIndices, Exports};
use super::fault::fault;
use super::memory::GuestMemory;
use super::pool::{Pool, Seat};
use super::state::GuestState;
use super::tick_count::TickCount;
use super::total_output::TotalOutput;
use super::wait_limit::WaitLimit;
use crate::app::rooms::Source;
use crate::app::upgrade::{Acceptance, Decision, Refusal, UpgradeRequest};
use crate::app::{App, Fault, Outcome, Saved, StartReason};
use crate::config::{Grants, Limits};
use crate::fetch::{BodyPart, Cause, Failure, Response};
use crate::log::in_short;
use crate::requests::IncomingRequest;
use crate::room::Room;
use crate::types::{Client, ClientId, CloseCause, CloseInfo, Message};

/// A running guest. After a fault it cannot be entered again and must be dropped.
pub struct Instance {
    guest: GuestStore,
    exports: Exports,
    /// The loop over the messages of a batch, if its component has got one.
    batch: Option<batch::Run>,
    has_dropped_event: Arc<AtomicBool>,
    /// Given back when the instance is dropped.
    _seat: Option<Seat>,
}

/// The common part of a program's instances.
pub(super) struct Template {
    pub(super) pre: component::InstancePre<GuestState>,
    pub(super) indices: ExportIndices,
    /// Where the component has the loop over the messages of a batch.
    pub(super) batch: Option<component::ComponentExportIndex>,
    pub(super) limits: Limits,
    pub(super) grants: Grants,
    /// The standard input of each instance.
    pub(super) stdin: Bytes,
    /// Where instances start, unless each is allocated by itself.
    pub(super) pool: Option<Arc<Pool>>,
    /// Whether it has `wasi:http`.
    pub(super) has_http: bool,
    /// The linear memories of an instance.
    pub(super) memories: usize,
    /// The memory of all instances.
    pub(super) memory: Arc<GuestMemory>,
    pub(super) output: Arc<TotalOutput>,
    /// Whether an instance without a handler for messages of other rooms has dropped one, which the log tells once.
    pub(super) has_dropped_event: Arc<AtomicBool>,
}

impl Template {
    /// Makes an instance for the room of this name.
    pub(super) async fn instantiate(&self, room_name: &str) -> Result<Instance, Fault> {
        let Self { pre, indices, batch, limits, grants, stdin, pool, memories, memory, output, has_http, has_dropped_event } =
            self;
        let seat = pool.as_ref().map(|pool| pool.seat(*memories));
        let tick_count = TickCount::default();
        let wait_limit = WaitLimit { limit: limits.call_wait, tick_count: tick_count.clone() };
        let mut store =
            Store::new(pre.engine(), GuestState::new(room_name, (limits, grants), stdin, tick_count, output, memory.share()));
        store.limiter(|state| &mut state.limiter);
        if *has_http {
            store.data_mut().bound_http();
        }
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().tick()));
        store.set_epoch_deadline(1);
        let stderr = store.data().stderr().clone();
        let loaded = async {
            let instance = wait_limit.with(pin!(pre.instantiate_async(&mut store))).await?;
            let exports = indices.load(&mut store, &instance)?;
            let batch = batch.map(|index| instance.get_typed_func(&mut store, index)).transpose()?;
            Ok(Instance {
                guest: GuestStore { store, wait_limit },
                exports,
                batch,
                has_dropped_event: Arc::clone(has_dropped_event),
                _seat: seat,
            })
        };
        loaded.await.map_err(|error| fault("start-up code", &error, limits.call_timeout, &stderr.last_words()))
    }
}

impl Instance {
    /// Whether it takes batches of messages.
    pub(super) fn takes_batches(&self) -> bool {
        self.batch.is_some()
    }

    /// Handles the batch that the room has begun, each message as by `on_message`.
    pub(super) async fn on_batch(&mut self, room: &mut Room) -> Outcome {
        let Some(run) = &self.batch else { return Ok(()) };
        self.guest.call(room, "on-message", async |store| run.call_async(store, ()).await).await
    }
}

impl App for Instance {
    async fn on_start(&mut self, room: &mut Room, reason: StartReason, saved: Option<Saved>) -> Outcome {
        let Some(lifecycle) = &self.exports.lifecycle else { return Ok(()) };
        let saved = saved.as_ref().map(|saved| exports::lifecycle::SavedParam { version: &saved.version, data: &saved.data });
        let call = async |store: &mut _| lifecycle.call_on_start(store, start_reason(reason), saved).await;
        match self.guest.call(room, "on-start", call).await? {
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
            subprotocol: client.subprotocol(),
            user: client.user(),
        };
        let handler = &self.exports.handler;
        self.guest.call(room, "on-new-client", async |store| handler.call_on_new_client(store, client).await).await
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        let payload = match &message {
            Message::Text(text) => wire::Message::Text(text),
            Message::Binary(data) => wire::Message::Binary(data),
        };
        let handler = &self.exports.handler;
        self.guest.call(room, "on-message", async |store| handler.call_on_message(store, from.get(), payload).await).await
    }

    async fn on_client_left(&mut self, room: &mut Room, client: ClientId, info: &CloseInfo) -> Outcome {
        let info = wire::CloseInfo { code: info.code, reason: &info.reason, clean: info.clean, cause: close_cause(info.cause) };
        let handler = &self.exports.handler;
        self.guest.call(room, "on-client-left", async |store| handler.call_on_client_left(store, client.get(), info).await).await
    }

    async fn on_upgrade(&mut self, room: &mut Room, request: &UpgradeRequest) -> Result<Decision, Fault> {
        let Some(gate) = &self.exports.gate else { return Ok(Decision::accept()) };
        let headers: Vec<_> = request.request.headers().collect();
        let subprotocols: Vec<_> = request.subprotocols.iter().map(String::as_str).collect();
        let ip = request.address.ip().to_string();
        let asked = exports::gate::Request {
            address: wire::Address { ip: &ip, port: request.address.port() },
            path: request.request.path(),
            query: request.request.query(),
            headers: &headers,
            subprotocols: &subprotocols,
            resumes: request.resumes,
        };
        let decision = self.guest.call(room, "on-upgrade", async |store| gate.call_on_upgrade(store, asked).await).await?;
        Ok(match decision {
            exports::gate::Decision::Accept(accepted) => Decision::Accept(Acceptance {
                subprotocol: accepted.subprotocol.map(ByteString::from),
                user: accepted.user.map(ByteString::from),
                headers: accepted.headers,
                attachment: accepted.attachment.into(),
            }),
            exports::gate::Decision::Refuse(refused) => {
                Decision::Refuse(Refusal { status: refused.status, headers: refused.headers, body: refused.body.into() })
            }
            exports::gate::Decision::Close(rejection) => Decision::Close(rejection.code, rejection.reason.into()),
        })
    }

    async fn on_drain(&mut self, room: &mut Room, client: ClientId) -> Outcome {
        let Some(flow) = &self.exports.flow else { return Ok(()) };
        self.guest.call(room, "on-drain", async |store| flow.call_on_drain(store, client.get()).await).await
    }

    async fn on_line_lost(&mut self, room: &mut Room, client: ClientId) -> Outcome {
        let Some(presence) = &self.exports.presence else { return Ok(()) };
        self.guest.call(room, "on-line-lost", async |store| presence.call_on_line_lost(store, client.get()).await).await
    }

    async fn on_line_back(&mut self, room: &mut Room, client: ClientId) -> Outcome {
        let Some(presence) = &self.exports.presence else { return Ok(()) };
        self.guest.call(room, "on-line-back", async |store| presence.call_on_line_back(store, client.get()).await).await
    }

    async fn on_timer(&mut self, room: &mut Room, timer: u64, payload: Bytes) -> Outcome {
        let Some(timers) = &self.exports.timers else { return Ok(()) };
        self.guest.call(room, "on-timer", async |store| timers.call_on_timer(store, timer, &payload).await).await
    }

    async fn on_response(&mut self, room: &mut Room, id: u64, context: Bytes, outcome: Result<Response, Failure>) -> Outcome {
        let Some(responses) = &self.exports.responses else { return Ok(()) };
        let headers = outcome.as_ref().map_or(Vec::new(), headers);
        let answer = match &outcome {
            Ok(response) => Ok(outgoing::Response { status: response.status, headers: &headers, body: response.body.as_deref() }),
            Err(failure) => Err(wire_failure(failure)),
        };
        self.guest.call(room, "on-response", async |store| responses.call_on_response(store, id, &context, answer).await).await
    }

    async fn on_body(&mut self, room: &mut Room, id: u64, context: Bytes, part: BodyPart) -> Outcome {
        let Some(responses) = &self.exports.responses else { return Ok(()) };
        let part = match &part {
            BodyPart::Piece(piece) => outgoing::BodyPart::Piece(piece),
            BodyPart::End => outgoing::BodyPart::End,
            BodyPart::Failed(failure) => outgoing::BodyPart::Failed(wire_failure(failure)),
        };
        self.guest.call(room, "on-body", async |store| responses.call_on_body(store, id, &context, part).await).await
    }

    async fn on_event(&mut self, room: &mut Room, source: Source, message: Message) -> Outcome {
        let Some(events) = &self.exports.events else {
            if !self.has_dropped_event.swap(true, Relaxed) {
                tracing::warn!(
                    room = in_short(room.name()),
                    "messages of other rooms are dropped: the guest exports no `events`"
                );
            }
            return Ok(());
        };
        let source = match &source {
            Source::Room(name) => exports::events::Source::Room(name),
            Source::Api(name) => exports::events::Source::Api(name),
        };
        let payload = match &message {
            Message::Text(text) => wire::Message::Text(text),
            Message::Binary(data) => wire::Message::Binary(data),
        };
        self.guest.call(room, "on-event", async |store| events.call_on_event(store, source, payload).await).await
    }

    async fn on_request(&mut self, room: &mut Room, id: u64, asked: IncomingRequest) -> Outcome {
        let Some(requests) = &self.exports.requests else { return Ok(()) };
        let headers: Vec<_> = asked.request.headers().collect();
        let ip = asked.address.ip().to_string();
        let request = exports::requests::Request {
            address: wire::Address { ip: &ip, port: asked.address.port() },
            method: &asked.method,
            path: asked.request.path(),
            query: asked.request.query(),
            headers: &headers,
            body: &asked.body,
        };
        self.guest.call(room, "on-request", async |store| requests.call_on_request(store, id, request).await).await
    }

    async fn on_request_drained(&mut self, room: &mut Room, id: u64) -> Outcome {
        let Some(requests) = &self.exports.requests else { return Ok(()) };
        self.guest.call(room, "on-request-drained", async |store| requests.call_on_request_drained(store, id).await).await
    }

    async fn on_request_gone(&mut self, room: &mut Room, id: u64) -> Outcome {
        let Some(requests) = &self.exports.requests else { return Ok(()) };
        self.guest.call(room, "on-request-gone", async |store| requests.call_on_request_gone(store, id).await).await
    }

    async fn snapshot(&mut self, room: &mut Room) -> Result<Option<Saved>, Fault> {
        let Some(lifecycle) = &self.exports.lifecycle else { return Ok(None) };
        let saved = self.guest.call(room, "snapshot", async |store| lifecycle.call_snapshot(store).await).await?;
        Ok(Some(Saved { version: saved.version, data: saved.data.into() }))
    }
}

fn headers(response: &Response) -> Vec<(&str, &str)> {
    response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn wire_failure(failure: &Failure) -> outgoing::Failure<'_> {
    let cause = match failure.cause {
        Cause::Denied => outgoing::FailureCause::Denied,
        Cause::Unresolved => outgoing::FailureCause::Unresolved,
        Cause::Unreachable => outgoing::FailureCause::Unreachable,
        Cause::Tls => outgoing::FailureCause::Tls,
        Cause::Timeout => outgoing::FailureCause::Timeout,
        Cause::Broken => outgoing::FailureCause::Broken,
        Cause::TooBig => outgoing::FailureCause::TooBig,
        Cause::Interrupted => outgoing::FailureCause::Interrupted,
    };
    outgoing::Failure { cause, detail: &failure.detail }
}

fn start_reason(reason: StartReason) -> exports::lifecycle::StartReason {
    match reason {
        StartReason::Fresh => exports::lifecycle::StartReason::Fresh,
        StartReason::Swap => exports::lifecycle::StartReason::Swap,
        StartReason::AfterTrap => exports::lifecycle::StartReason::AfterTrap,
        StartReason::Restored => exports::lifecycle::StartReason::Restored,
        StartReason::Recovered => exports::lifecycle::StartReason::Recovered,
        StartReason::Handover => exports::lifecycle::StartReason::Handover,
        StartReason::Failover => exports::lifecycle::StartReason::Failover,
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
