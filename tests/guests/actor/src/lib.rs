//! A guest that acts by scripts and records each event, so that a model can predict what each client receives.
//!
//! A text message is a script, and so is a timer's payload.

mod script;

use std::fmt::Debug;
use std::time::Duration;

use script::{World, perform};
use ws_guest::{
    App, Client, ClientId, CloseInfo, Flow, Lifecycle, Message, Saved, StartReason, TimerId, Timers, attachment,
    broadcast_except, clients, close, control, send, set_attachment, topics,
};

#[derive(Default)]
struct Actor;

ws_guest::export!(Actor: Lifecycle, Flow, Timers);

impl App for Actor {
    fn on_new_client(&mut self, client: Client) {
        let id = client.id;
        send(id, format!("you are {id}")).ok();
        perform(&mut Host, &format!("joined {id}"), "broadcast 10 0");
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        perform(&mut Host, &format!("message {from}"), message.as_text().unwrap_or_default());
    }

    fn on_client_left(&mut self, id: ClientId, info: CloseInfo) {
        let cause = format!("{:?}", info.cause);
        let cause = cause.rsplit(':').next().unwrap_or_default();
        perform(&mut Host, &format!("left {id} {} {cause}", info.code), &format!("look {id};send {id} 10;broadcast 10 0"));
    }
}

impl Lifecycle for Actor {
    fn on_start(&mut self, _reason: StartReason, _saved: Option<Saved>) -> Result<(), String> {
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        Saved { version: "1".into(), data: Vec::new() }
    }
}

impl Flow for Actor {
    fn on_drain(&mut self, id: ClientId) {
        perform(&mut Host, &format!("drain {id}"), &format!("send {id} 10"));
    }
}

impl Timers for Actor {
    fn on_timer(&mut self, id: TimerId, payload: Vec<u8>) {
        perform(&mut Host, &format!("timer {id}"), &String::from_utf8_lossy(&payload));
    }
}

/// The imports.
struct Host;

impl World for Host {
    fn send(&mut self, to: u64, text: &str) -> String {
        shown(send(to, text))
    }

    fn broadcast(&mut self, text: &str, except: u64) -> String {
        shown(broadcast_except(text, &[except]))
    }

    fn publish(&mut self, topic: &str, text: &str, except: u64) -> String {
        shown(topics::publish_except(topic, text, &[except]))
    }

    fn close(&mut self, id: u64, code: u16) -> String {
        shown(close(id, code, "by a script"))
    }

    fn subscribe(&mut self, id: u64, topic: &str) -> String {
        shown(topics::subscribe(id, topic))
    }

    fn unsubscribe(&mut self, id: u64, topic: &str) {
        topics::unsubscribe(id, topic);
    }

    fn subscribers(&mut self, topic: &str) -> Vec<u64> {
        topics::subscribers(topic)
    }

    fn attach(&mut self, id: u64, value: &str) -> String {
        shown(set_attachment(id, value.as_bytes()))
    }

    fn attachment(&mut self, id: u64) -> String {
        String::from_utf8_lossy(&attachment(id).unwrap_or_default()).into_owned()
    }

    fn clients(&mut self) -> Vec<u64> {
        clients()
    }

    fn timer(&mut self, delay_ms: u32, payload: &str) -> String {
        shown(control::set_timer(Duration::from_millis(delay_ms.into()), payload.as_bytes()))
    }

    fn cancel(&mut self, timer: u64) {
        control::cancel_timer(timer);
    }

    fn compute(&mut self) {
        let sum = (0..10_000_000_u64).fold(0_u64, |sum, n| std::hint::black_box(sum).wrapping_mul(31).wrapping_add(n));
        std::hint::black_box(sum);
    }

    fn fail(&mut self) {
        panic!("told to fail");
    }
}

/// A result in one word: `ok`, the value, or the name of the error.
fn shown<T: Debug, E: Debug>(result: Result<T, E>) -> String {
    let (Ok(shown) | Err(shown)) = result.map(|value| format!("{value:?}")).map_err(|error| format!("{error:?}"));
    match shown.split('"').nth(1) {
        Some(name) => name.to_owned(),
        None if shown == "()" => "ok".to_owned(),
        None => shown.rsplit(':').next().unwrap_or_default().to_lowercase(),
    }
}
