//! Guests that misbehave, and imports that panic or never return: the room outlives them. `batches` has batches of messages.

mod batches;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wasmtime::StoreContextMut;
use wasmtime::component::LinkerInstance;

use super::imports::with_room;
use super::instance::Instance;
use super::state::GuestState;
use super::{Engine, Program};
use crate::app::{App, Launch};
use crate::config::{Grants, Limits};
use crate::room::{Room, RoomLimits};
use crate::types::{ClientId, Message};
use crate::{Error, Handle, Server};

const CALLER: ClientId = ClientId::new(1);

/// The functions that `misbehaving.wat` imports.
pub(super) fn add_misbehaviour(linker: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    linker.func_wrap("panic", |mut store: StoreContextMut<'_, GuestState>, (): ()| -> wasmtime::Result<()> {
        with_room(&mut store, |_, _| panic!("an import has a defect"))
    })?;
    linker.func_wrap_async("hang", |_, (): ()| Box::new(std::future::pending::<wasmtime::Result<()>>()))?;
    linker.func_wrap_async("wait", |_, (): ()| {
        Box::new(async {
            tokio::task::yield_now().await;
            Ok(())
        })
    })
}

fn component() -> Vec<u8> {
    wat::parse_str(include_str!("misbehaving.wat")).expect("the guest is a component")
}

/// An instance, the room that it is for, and the event loop that WASI wants.
async fn started() -> (Instance, Room) {
    let engine = Engine::new().expect("the machine runs WebAssembly");
    let program = Program::from_bytes(&engine, "misbehaving", &component(), &Limits::default(), &Grants::default());
    let instance = program.expect("the guest has what it imports").launch("test").await.expect("an instance starts");
    (instance, Room::new("test", RoomLimits::from(&Limits::default()), std::time::Instant::now))
}

type Connection = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A server with the guest, and the thread that it runs on.
struct Serving {
    handle: Handle,
    running: JoinHandle<Result<(), Error>>,
}

/// A server with the guest, and two clients.
async fn serving() -> (Serving, Connection, Connection) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("misbehaving.wasm");
    std::fs::write(&path, component()).expect("the component is written");
    let server = Server::builder().port(0).component(path).build().expect("the server starts");
    let (handle, url) = (server.handle(), format!("ws://{}/", server.local_addr()));
    let running = std::thread::spawn(|| server.run_forever());
    let (one, _) = tokio_tungstenite::connect_async(&url).await.expect("a client joins");
    let (two, _) = tokio_tungstenite::connect_async(&url).await.expect("a client joins");
    (Serving { handle, running }, one, two)
}

impl Serving {
    /// The message of one client has cost the instance: that client is closed, and the other is served. Then the server ends.
    async fn has_lost(self, mut caller: Connection, mut stays: Connection) {
        match caller.next().await {
            Some(Ok(Frame::Close(Some(close)))) => assert_eq!(u16::from(close.code), 1011),
            other => panic!("a close frame comes, not {other:?}"),
        }
        stays.send(Frame::text("still here")).await.expect("the message is sent");
        assert_eq!(stays.next().await.and_then(Result::ok), Some(Frame::text("still here")));

        self.handle.shutdown();
        drop(stays);
        self.running.join().expect("the server does not panic").expect("the server ends well");
    }
}

#[tokio::test]
async fn the_room_comes_back_from_an_import_that_panics() {
    let (mut instance, mut room) = started().await;
    let mut call = Box::pin(instance.on_message(&mut room, CALLER, Message::text("panic")));
    let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut Context::from_waker(Waker::noop()))));
    assert_eq!(polled.map(|_| ()).expect_err("it panics").downcast_ref(), Some(&"an import has a defect"));
    drop(call);
    assert_eq!((room.name(), room.count()), ("test", 0));
}

#[tokio::test]
async fn the_room_comes_back_from_a_call_that_is_dropped() {
    let (mut instance, mut room) = started().await;
    {
        let call = pin!(instance.on_message(&mut room, CALLER, Message::text("hang")));
        assert!(matches!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
    }
    assert_eq!((room.name(), room.count()), ("test", 0));
}

#[tokio::test]
async fn an_import_that_panics_costs_its_caller_and_one_instance_and_the_room_goes_on() {
    let (server, mut caller, stays) = serving().await;
    caller.send(Frame::text("panic")).await.expect("the message is sent");
    server.has_lost(caller, stays).await;
}
