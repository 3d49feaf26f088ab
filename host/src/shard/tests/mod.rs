//! A shard in this thread, with real sockets, an app that says what it is told, and a journal that waits for the test.

mod arrivals;
mod asking;
mod collapse;
mod drains;
mod ending;
mod events;
mod failures;
mod gathered;
mod half_closed;
mod held;
mod hibernation;
mod journal;
mod memory;
mod occupancy;
mod owner;
mod plain;
mod requests;
mod resume;
mod store;
mod stored_events;
mod timers;
mod verdicts;

use std::cell::RefCell;
use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Message as Sent;

use super::command::Command;
use super::counters::Counters;
use super::driver::Driver;
use super::rooms::Rooms;
use super::roster::Roster;
use super::serve::serve;
use super::table::Shard;
use crate::app::rooms::Source;
use crate::app::upgrade::UpgradeRequest;
use crate::app::{App, Fault, Launch, Outcome, Saved, StartReason};
use crate::bus::{Bus, Names, Placement};
use crate::config::Limits;
use crate::fetch::{BodyPart, Failure, Response};
use crate::room::{Decision, Room, RoomOptions, Stores, TimerOptions};
use crate::types::{Client, ClientId, CloseInfo, Message};
use journal::Waits;

/// Broadcasts what it is told. It stores the beginning of a message with `write` in it, as a key.
#[derive(Clone)]
struct Herald {
    told: Arc<Mutex<Vec<String>>>,
    /// Ends the handler of a message that begins with `wait`.
    go_on: Arc<Notify>,
    /// The handlers that fail.
    failing: Arc<Mutex<Vec<&'static str>>>,
    /// The state of this instance, from a message that begins with `keep`.
    state: Option<String>,
}

impl Herald {
    fn note(&self, what: String) {
        self.told.lock().expect("no test panics with it").push(what);
    }

    /// Notes whether a client is there, for a test that wants to know.
    fn note_presence(&self, what: &str) {
        if self.outcome_of("note presence").is_err() {
            self.note(what.to_owned());
        }
    }

    /// Sets a timer that is due at once, and says so when the shard has done nothing else for too long.
    fn tick(&self, room: &mut Room, ticks: u32) -> Outcome {
        if ticks == 500_000 {
            return room.broadcast("nothing else runs").map_err(|error| Fault::new(error.to_string()));
        }
        let set = room.set_timer(Duration::ZERO, TimerOptions::ONCE, ticks.to_string());
        set.map(drop).map_err(|error| Fault::new(error.to_string()))
    }

    /// Sets a durable timer.
    fn set_timer(&self, room: &mut Room, from: ClientId, ms: &str) -> Outcome {
        let delay = Duration::from_millis(ms.parse().expect("a number of milliseconds"));
        let set = room.set_timer(delay, TimerOptions { repeat: false, durable: true }, format!("ran {ms}"));
        let text = set.map_or_else(|error| error.to_string(), |_| "set".into());
        room.send(from, text).map(drop).map_err(|error| Fault::new(error.to_string()))
    }

    /// Writes if commits are to panic: a turn that writes nothing has no commit.
    async fn write_to_panic(&self, room: &mut Room) -> Outcome {
        if self.outcome_of("commit").is_err() {
            room.store().set("panic", "").await.map_err(|error| Fault::new(error.to_string()))?;
        }
        Ok(())
    }

    fn outcome_of(&self, handler: &str) -> Outcome {
        let fails = self.failing.lock().expect("no test panics with it").contains(&handler);
        if fails { Err(Fault::new("the test asked for it")) } else { Ok(()) }
    }
}

impl App for Herald {
    const HAS_GATE: bool = true;

    async fn on_start(&mut self, room: &mut Room, reason: StartReason, saved: Option<Saved>) -> Outcome {
        self.note(format!("start {reason:?}"));
        if self.outcome_of("write at start").is_err() {
            room.store().set("start", "").await.map_err(|error| Fault::new(error.to_string()))?;
            let durable = TimerOptions { repeat: false, durable: true };
            let set = room.set_timer(Duration::from_secs(60), durable, "");
            set.map_err(|error| Fault::new(error.to_string()))?;
        }
        if self.outcome_of("tell at start").is_err() {
            room.send_to_room("b", Message::text("hello"), RoomOptions::default()).await.expect("it is a trial");
        }
        if let Some(saved) = saved {
            let state = String::from_utf8_lossy(&saved.data).into_owned();
            self.note(format!("saved {state}"));
            self.state = Some(state);
        }
        self.outcome_of("start")
    }

    async fn on_new_client(&mut self, room: &mut Room, client: &Client) -> Outcome {
        self.note(format!("joined {}", client.id));
        room.broadcast(format!("joined {}", client.id)).map_err(|error| Fault::new(error.to_string()))
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        let text = message.as_text().unwrap_or_default().to_owned();
        self.note(text.clone());
        let key: String = text.chars().take(16).collect();
        if text.contains("write")
            && !text.starts_with("read")
            && let Err(error) = room.store().set(&key, &key).await
        {
            return room.broadcast(error.to_string()).map_err(|error| Fault::new(error.to_string()));
        }
        match text.split_once(' ') {
            Some(("attach", bytes)) => {
                let data = vec![0; bytes.parse().expect("a number of bytes")];
                room.set_attachment(from, data).map_err(|error| Fault::new(error.to_string()))
            }
            Some(("keep", state)) => {
                self.state = Some(state.to_owned());
                room.send(from, "kept").map(drop).map_err(|error| Fault::new(error.to_string()))
            }
            Some(("timer", ms)) => self.set_timer(room, from, ms),
            Some(("trap", _)) => Err(Fault::new("the test asked for it")),
            Some(("wait", _)) => {
                self.go_on.notified().await;
                self.write_to_panic(room).await
            }
            Some(("flood", _)) => {
                room.broadcast("x".repeat(70 << 10)).map_err(|error| Fault::new(error.to_string()))?;
                self.go_on.notified().await;
                Err(Fault::new("the test asked for it"))
            }
            Some(("tick", _)) => self.tick(room, 0),
            Some(("stream", url)) => requests::stream(room, url),
            Some(("tell", rest)) => self.send_event(room, from, rest).await,
            Some(("close", _)) => room.close(from, 4000, &text).map_err(|error| Fault::new(error.to_string())),
            Some(("read", key)) => {
                let value = room.store().get(key).await.map_err(|error| Fault::new(error.to_string()))?;
                room.broadcast(value.map_or_else(|| "nothing".into(), |value| String::from_utf8_lossy(&value).into_owned()))
                    .map_err(|error| Fault::new(error.to_string()))
            }
            Some(("answer", _)) => room.send(from, text).map(drop).map_err(|error| Fault::new(error.to_string())),
            _ => room.broadcast(text).map_err(|error| Fault::new(error.to_string())),
        }
    }

    async fn on_client_left(&mut self, _room: &mut Room, client: ClientId, _info: &CloseInfo) -> Outcome {
        self.note(format!("left {client}"));
        self.outcome_of("left")
    }

    async fn on_line_lost(&mut self, _room: &mut Room, client: ClientId) -> Outcome {
        self.note_presence(&format!("away {client}"));
        Ok(())
    }

    async fn on_line_back(&mut self, _room: &mut Room, client: ClientId) -> Outcome {
        self.note_presence(&format!("back {client}"));
        Ok(())
    }

    async fn on_drain(&mut self, _room: &mut Room, client: ClientId) -> Outcome {
        self.note(format!("drained {client}"));
        Ok(())
    }

    async fn on_timer(&mut self, room: &mut Room, _timer: u64, payload: Bytes) -> Outcome {
        if payload.starts_with(b"ran") {
            self.note(String::from_utf8_lossy(&payload).into_owned());
            return self.outcome_of("timer");
        }
        self.outcome_of("timer")?;
        let ticks = std::str::from_utf8(&payload).ok().and_then(|ticks| ticks.parse().ok()).unwrap_or(0);
        self.tick(room, ticks + 1)
    }

    async fn on_event(&mut self, room: &mut Room, source: Source, message: Message) -> Outcome {
        self.take_event(room, &source, &message).await
    }

    async fn on_response(&mut self, _: &mut Room, _: u64, _: Bytes, outcome: Result<Response, Failure>) -> Outcome {
        self.note(requests::outcome(outcome));
        Ok(())
    }

    async fn on_body(&mut self, _room: &mut Room, _fetch: u64, _context: Bytes, part: BodyPart) -> Outcome {
        self.note(requests::part(part));
        Ok(())
    }

    async fn snapshot(&mut self, room: &mut Room) -> Result<Option<Saved>, Fault> {
        let Some(state) = &self.state else { return Ok(None) };
        self.note("snapshot".into());
        let _ = room.broadcast("an effect that is dropped");
        if self.outcome_of("wait in snapshot").is_err() {
            self.go_on.notified().await;
        }
        self.outcome_of("snapshot")?;
        Ok(Some(Saved { version: "1".into(), data: state.clone().into() }))
    }

    async fn on_upgrade(&mut self, room: &mut Room, _request: &UpgradeRequest) -> Result<Decision, Fault> {
        self.note("asked".into());
        self.write_to_panic(room).await?;
        self.outcome_of("gate").map(|()| Decision::accept())
    }
}

impl Launch for Herald {
    type App = Self;

    async fn launch(&self, _room: &str) -> Result<Self, Fault> {
        Ok(Self { state: None, ..self.clone() })
    }

    fn check_room(&self) -> Result<(), String> {
        self.outcome_of("room").map_err(|fault| fault.message)
    }

    fn has_gate(&self) -> bool {
        true
    }
}

/// The shard under test.
struct Bench {
    commands: mpsc::Sender<Command>,
    journal: Waits,
    counters: Arc<Counters>,
    told: Arc<Mutex<Vec<String>>>,
    go_on: Arc<Notify>,
    failing: Arc<Mutex<Vec<&'static str>>>,
    rooms: Rc<Rooms<Herald>>,
    listener: TcpListener,
    next_id: RefCell<u64>,
}

/// One of its clients.
struct TestClient(WebSocketStream<TcpStream>);

impl Bench {
    /// The inputs that the app got so far.
    fn told(&self) -> Vec<String> {
        self.told.lock().expect("no test panics with it").clone()
    }

    /// Waits until the last input that the app got is this one.
    async fn is_told(&self, input: &str) {
        while self.told().last().map(String::as_str) != Some(input) {
            tokio::task::yield_now().await;
        }
    }

    /// From now on, these handlers fail.
    fn have_fail(&self, handlers: &[&'static str]) {
        *self.failing.lock().expect("no test panics with it") = handlers.to_vec();
    }

    async fn command(&self, command: Command) {
        self.commands.send(command).await.expect("the shard runs");
    }
}

impl TestClient {
    async fn say(&mut self, text: &str) {
        self.0.send(Sent::text(text)).await.expect("it is connected");
    }

    /// Sends all of this in one segment.
    async fn says_at_once(&mut self, all: impl IntoIterator<Item = Sent>) {
        for sent in all {
            self.0.feed(sent).await.expect("it is connected");
        }
        self.0.flush().await.expect("it is connected");
    }

    /// The next message or close frame.
    async fn hears(&mut self) -> String {
        match self.0.next().await {
            Some(Ok(Sent::Text(text))) => text.to_string(),
            Some(Ok(Sent::Close(Some(frame)))) => format!("close {}", u16::from(frame.code)),
            other => format!("{other:?}"),
        }
    }

    /// Waits until the shard has read everything that it has sent.
    async fn is_read(&mut self) {
        self.0.send(Sent::Ping(Bytes::new())).await.expect("it is connected");
        assert!(matches!(self.0.next().await, Some(Ok(Sent::Pong(_)))), "a pong comes");
    }

    async fn close(&mut self) {
        self.0.send(Sent::Close(None)).await.expect("it is connected");
    }
}

/// Runs a test against a shard with a journal that waits.
fn with_shard<F: Future<Output = ()>>(test: impl FnOnce(Rc<Bench>) -> F) {
    with_limits(Limits::default(), test);
}

/// The same with these limits.
fn with_limits<F: Future<Output = ()>>(limits: Limits, test: impl FnOnce(Rc<Bench>) -> F) {
    with_linger(limits, None, test);
}

/// The same with rooms that end when they have been empty for this time.
fn with_linger<F: Future<Output = ()>>(limits: Limits, linger: Option<Duration>, test: impl FnOnce(Rc<Bench>) -> F) {
    with_stores(limits, linger, |journal| Stores::journaled(journal.journal(), 64 << 20), test);
}

/// The same with these stores.
fn with_stores<F: Future<Output = ()>>(
    limits: Limits,
    linger: Option<Duration>,
    stores: impl FnOnce(&Waits) -> Stores,
    test: impl FnOnce(Rc<Bench>) -> F,
) {
    with_names(Names::Segments, (limits, linger), stores, test);
}

/// The same with rooms that have such names.
fn with_names<F: Future<Output = ()>>(
    names: Names,
    (limits, linger): (Limits, Option<Duration>),
    stores: impl FnOnce(&Waits) -> Stores,
    test: impl FnOnce(Rc<Bench>) -> F,
) {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).expect("a runtime");
    runtime.block_on(async {
        let (told, counters, journal) = (Arc::default(), Arc::new(Counters::default()), Waits::default());
        let outlet = requests::outlet(&limits);
        let (bus, mut mail) = Bus::new(names, Placement::new(1), limits.max_rooms);
        let shard = Shard::new(0, limits, Arc::new(Roster::default()), outlet, bus, None).expect("a descriptor");
        let driving = tokio::task::spawn_local(Driver::new(&shard).expect("a runtime runs").run());
        let app = Herald { told: Arc::clone(&told), go_on: Arc::default(), failing: Arc::default(), state: None };
        let (go_on, failing) = (Arc::clone(&app.go_on), Arc::clone(&app.failing));
        let stores = stores(&journal);
        let rooms = Rooms::new(Rc::clone(&shard), Arc::clone(&counters), stores, app, (linger, true), None);
        let (commands, inbox) = mpsc::channel(64);
        let serving = tokio::task::spawn_local({
            let (shard, rooms) = (Rc::clone(&shard), Rc::clone(&rooms));
            async move { serve(&shard, &rooms, inbox).await }
        });
        let opening = tokio::task::spawn_local(Rc::clone(&rooms).open_due());
        let taking = tokio::task::spawn_local(Rc::clone(&rooms).take_events(mail.remove(0)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let next_id = RefCell::new(0);
        let bench = Bench { commands, journal, counters, told, go_on, failing, rooms: Rc::clone(&rooms), listener, next_id };
        test(Rc::new(bench)).await;
        serving.abort();
        driving.abort();
        opening.abort();
        taking.abort();
        rooms.clear();
    });
}
