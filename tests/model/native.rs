//! The actor as a native app.

use std::fmt::Display;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ws_host::app::{Client, ClientId, CloseInfo, Fault, Message, Outcome, TimerOptions};
use ws_host::{App, Room};

use super::script::{World, perform};

/// See `tests/guests/actor`.
pub struct Actor;

impl App for Actor {
    async fn on_new_client(&mut self, room: &mut Room, client: &Client) -> Outcome {
        room.send(client.id, format!("you are {}", client.id)).ok();
        acts(room, &format!("joined {}", client.id), "broadcast 10 0")
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        let script = message.as_text().unwrap_or_default();
        if script.contains("compute") {
            // A native handler lets its shard go on by waiting.
            tokio::task::yield_now().await;
        }
        acts(room, &format!("message {from}"), script)
    }

    async fn on_client_left(&mut self, room: &mut Room, id: ClientId, info: &CloseInfo) -> Outcome {
        let event = format!("left {id} {} {:?}", info.code, info.cause);
        acts(room, &event, &format!("look {id};send {id} 10;broadcast 10 0"))
    }

    async fn on_drain(&mut self, room: &mut Room, id: ClientId) -> Outcome {
        acts(room, &format!("drain {id}"), &format!("send {id} 10"))
    }

    async fn on_timer(&mut self, room: &mut Room, timer: u64, payload: Bytes) -> Outcome {
        acts(room, &format!("timer {timer}"), &String::from_utf8_lossy(&payload))
    }
}

fn acts(room: &mut Room, event: &str, script: &str) -> Outcome {
    let mut host = Host { room, failed: false };
    perform(&mut host, event, script);
    if host.failed { Err(Fault::new("told to fail")) } else { Ok(()) }
}

struct Host<'a> {
    room: &'a mut Room,
    failed: bool,
}

impl World for Host<'_> {
    fn send(&mut self, to: u64, text: &str) -> String {
        match self.room.send(ClientId::new(to), text) {
            Ok(status) => format!("{status:?}").to_lowercase(),
            Err(error) => shown(Err(error)),
        }
    }

    fn broadcast(&mut self, text: &str, except: u64) -> String {
        shown(self.room.broadcast_except(text, &[ClientId::new(except)]))
    }

    fn publish(&mut self, topic: &str, text: &str, except: u64) -> String {
        shown(self.room.publish(topic, text, &[ClientId::new(except)]))
    }

    fn close(&mut self, id: u64, code: u16) -> String {
        shown(self.room.close(ClientId::new(id), code, "by a script"))
    }

    fn subscribe(&mut self, id: u64, topic: &str) -> String {
        shown(self.room.subscribe(ClientId::new(id), topic))
    }

    fn unsubscribe(&mut self, id: u64, topic: &str) {
        self.room.unsubscribe(ClientId::new(id), topic);
    }

    fn subscribers(&mut self, topic: &str) -> Vec<u64> {
        self.room.subscribers(topic).map(ClientId::get).collect()
    }

    fn attach(&mut self, id: u64, value: &str) -> String {
        shown(self.room.set_attachment(ClientId::new(id), value.to_owned()))
    }

    fn attachment(&mut self, id: u64) -> String {
        let attached = self.room.attachment(ClientId::new(id));
        attached.map(|data| String::from_utf8_lossy(data).into_owned()).unwrap_or_default()
    }

    fn clients(&mut self) -> Vec<u64> {
        self.room.clients().map(|client| client.id.get()).collect()
    }

    fn timer(&mut self, delay_ms: u32, payload: &str) -> String {
        match self.room.set_timer(Duration::from_millis(delay_ms.into()), TimerOptions::ONCE, payload.to_owned()) {
            Ok(id) => id.to_string(),
            Err(error) => shown(Err(error)),
        }
    }

    fn cancel(&mut self, timer: u64) {
        self.room.cancel_timer(timer);
    }

    fn compute(&mut self) {
        let end = Instant::now() + Duration::from_millis(5);
        while Instant::now() < end {}
    }

    fn fail(&mut self) {
        self.failed = true;
    }
}

/// `ok`, or the error with the contract's name where the model expects one.
fn shown(result: Result<(), impl Display>) -> String {
    let Err(error) = result else { return "ok".to_owned() };
    match error.to_string() {
        text if text.contains("no client") || text.contains("no such client") => "no-such-client".to_owned(),
        text if text.contains("closing") => "closing".to_owned(),
        text => text.replace(' ', "-"),
    }
}
