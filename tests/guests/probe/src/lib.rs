//! A guest that follows its clients' commands, so that a test reads as a dialogue.
//!
//! It broadcasts joins, leaves, drains and timers. A text message is a command: see `Probe::obey`.

mod asking;
mod kept;
mod rooms;

use std::fmt::Debug;
use std::time::Duration;

use asking::Asking;
use ws_guest::http::{BodyPart, Failure, FetchId, Response};
use ws_guest::{
    Acceptance, App, Client, ClientId, CloseInfo, Decision, Flow, Gate, Lifecycle, Message, Presence, Refusal, Request,
    Responses, Saved, StartReason, TimerId, Timers, attachment, broadcast, broadcast_except, buffered_amount, client, clients,
    clients_of_user, close, control, count, is_online, send, set_attachment, store, topics,
};

#[derive(Default)]
struct Probe {
    started: Option<StartReason>,
    messages: u32,
    /// The messages of the instance whose state this one has got.
    saved: Option<u32>,
    asking: Asking,
}

ws_guest::export!(Probe: Gate, Lifecycle, Flow, Presence, Timers, Responses, Events);

impl App for Probe {
    fn on_new_client(&mut self, client: Client) {
        broadcast(format!("joined {}", client.id)).ok();
        if client.query == "panic-on-join" {
            panic!("told to panic");
        }
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        self.messages += 1;
        match message {
            Message::Text(text) => self.obey(from, &text),
            Message::Binary(data) => drop(send(from, data)),
        }
    }

    fn on_client_left(&mut self, id: ClientId, info: CloseInfo) {
        rooms::on_client_left();
        let member = clients().contains(&id);
        let known = client(id).is_some();
        let sent = shown(send(id, "too late"));
        let CloseInfo { code, reason, clean, cause } = info;
        let line = format!("left {id}: {code} {reason:?} clean={clean} {cause:?} member={member} known={known} send={sent}");
        // In the log too, in case no client is left to receive it.
        println!("{line}");
        broadcast(line).ok();
    }
}

impl Probe {
    fn obey(&mut self, from: ClientId, text: &str) {
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        if self.asking.obey(from, command, rest) {
            return;
        }
        let (first, last) = rest.split_once(' ').unwrap_or((rest, ""));
        let id = first.parse().unwrap_or(from);
        let answer = match command {
            "say" => rest.to_owned(),
            "all" => shown(broadcast(rest)),
            "others" => shown(broadcast_except(rest, &[from])),
            "send" => shown(send(id, last)),
            "list" => format!("{:?} of {}", clients(), count()),
            "get" => describe(id),
            "messages" => format!("{} since {:?}", self.messages, self.started),
            "saved" => format!("{:?}", self.saved),
            "close" => {
                let (code, reason) = last.split_once(' ').unwrap_or((last, ""));
                let closed = close(id, code.parse().unwrap_or(1000), reason);
                let sent = if closed.is_ok() { shown(send(id, "after the close")) } else { "untried".to_owned() };
                in_the_log(format!("{}, send={sent}, member={}", shown(closed), clients().contains(&id)))
            }
            "close-twice" => in_the_log(format!("{} {}", shown(close(id, 4000, "once")), shown(close(id, 4001, "twice")))),
            "online" => is_online(id).to_string(),
            "attach" => shown(set_attachment(id, last.as_bytes())),
            "attach-bytes" => shown(set_attachment(from, &vec![7; first.parse().unwrap_or(0)])),
            "attachment" => format!("{:?}", attachment(id).map(|data| String::from_utf8_lossy(&data).into_owned())),
            "subscribe" => shown(topics::subscribe(from, rest)),
            "unsubscribe" => format!("{:?}", topics::unsubscribe(from, rest)),
            "publish" => shown(topics::publish(first, last)),
            "of-user" => format!("{:?}", clients_of_user(rest)),
            "topics" => format!("{:?}", topics::of_client(id)),
            "subscribers" => format!("{:?}", topics::subscribers(rest)),
            "timer" => shown(control::set_timer(millis(first), last.as_bytes())),
            "interval" => shown(control::set_interval(millis(first), last.as_bytes())),
            "durable" => {
                let options = control::TimerOptions { repeat: false, durable: true };
                shown(control::set_timer_with(millis(first), options, last.as_bytes()))
            }
            "cancel-timer" => format!("{:?}", control::cancel_timer(id)),
            "deny" => format!("{:?}", control::deny_new_clients()),
            "allow" => format!("{:?}", control::allow_new_clients()),
            "burst" => burst(from, first.parse().unwrap_or(0), last.parse().unwrap_or(0)),
            "burst-and-compute" => {
                let outcome = burst(from, 1, first.parse().unwrap_or(0));
                compute(last.parse().unwrap_or(0));
                outcome
            }
            "env" if rest.is_empty() => format!("{} variables, {} arguments", std::env::vars().count(), std::env::args().count()),
            "env" => format!("{:?}", std::env::var(rest).ok()),
            "print" => return println!("{rest}"),
            "panic" => {
                // The panic drops all of these effects.
                broadcast("half an answer").ok();
                set_attachment(from, b"half").ok();
                topics::subscribe(from, "half").ok();
                store::set("half", "half").ok();
                control::deny_new_clients();
                close(from, 4000, "half").ok();
                panic!("told to panic: {rest}");
            }
            "spin" => loop {
                std::hint::black_box(());
            },
            "compute" => compute(first.parse().unwrap_or(0)),
            "hoard" => hoard(),
            _ => on_the_store_or_rooms(command, rest),
        };
        send(from, answer).ok();
    }
}

fn on_the_store_or_rooms(command: &str, rest: &str) -> String {
    let followed = kept::obey(command, rest).or_else(|| rooms::obey(command, rest));
    followed.unwrap_or_else(|| format!("no such command: {command}"))
}

/// Logs the answer too: a client that has closed itself does not receive it.
fn in_the_log(answer: String) -> String {
    println!("{answer}");
    answer
}

/// A delay in milliseconds, perhaps with a fraction.
fn millis(delay: &str) -> Duration {
    Duration::from_secs_f64(delay.parse().unwrap_or(0.0) / 1000.0)
}

/// Sends `messages` messages of `bytes` bytes each, and reports the first that was not simply queued.
fn burst(to: ClientId, messages: usize, bytes: usize) -> String {
    let payload = vec![7_u8; bytes];
    let sent: Vec<_> = (0..messages).map(|_| send(to, &payload)).collect();
    let odd = sent.iter().position(|sent| *sent != Ok(ws_guest::SendStatus::Queued));
    let outcome = odd.map_or("all queued".to_owned(), |n| format!("message {n}: {}", shown(sent[n])));
    format!("{outcome}; {} bytes wait", buffered_amount(to).unwrap_or(0))
}

/// Formats a result: `ok`, `ok(backpressure)`, or the name of the error.
fn shown<T: Debug, E: Debug>(result: Result<T, E>) -> String {
    match result {
        Ok(value) if size_of_val(&value) == 0 => "ok".to_owned(),
        Ok(value) => format!("ok({value:?})"),
        Err(error) => {
            // wit-bindgen shows an error with its name in quotes.
            let quoted = format!("{error:?}");
            quoted.split('"').nth(1).unwrap_or(&quoted).to_owned()
        }
    }
}

/// Computes for about `millions` million steps. The compiler cannot foresee the result.
fn compute(millions: u64) -> String {
    let sum = (0..millions * 1_000_000).fold(0_u64, |sum, n| std::hint::black_box(sum).wrapping_mul(31).wrapping_add(n));
    format!("computed {}", std::hint::black_box(sum) != 1)
}

/// Allocates memory without end.
fn hoard() -> String {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
        std::hint::black_box(&hoard);
    }
}

fn describe(id: ClientId) -> String {
    client(id).map_or_else(
        || "nobody".to_owned(),
        |client| {
            let agent = client.header("user-agent").unwrap_or("none").to_owned();
            format!(
                "{} ip={} path={} query={} agent={agent} subprotocol={:?} user={:?}",
                client.id, client.address.ip, client.path, client.query, client.subprotocol, client.user
            )
        },
    )
}

impl Gate for Probe {
    fn on_upgrade(&mut self, request: Request) -> Decision {
        match request.path.as_str() {
            "/refuse" => Decision::refuse(418),
            "/refuse-badly" => Decision::refuse(200),
            "/refuse-in-words" => Decision::Refuse(Refusal {
                status: 401,
                headers: vec![pair("www-authenticate", "Bearer"), pair("content-type", "text/html")],
                body: b"<p>Who are you?</p>".to_vec(),
            }),
            "/close" => Decision::close(4001, "not you"),
            "/no-return" if request.resumes => Decision::refuse(410),
            "/panic" => panic!("told to panic in the gate"),
            "/subprotocol" => {
                Decision::Accept(Acceptance { subprotocol: request.subprotocols.last().cloned(), ..Acceptance::default() })
            }
            "/wrong-subprotocol" => {
                Decision::Accept(Acceptance { subprotocol: Some("never-offered".into()), ..Acceptance::default() })
            }
            "/header" => {
                let (name, value) = request.query.split_once('=').unwrap_or_default();
                Decision::Accept(Acceptance { headers: vec![pair(name, value)], ..Acceptance::default() })
            }
            path => in_parts(path).unwrap_or(Decision::accept()),
        }
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Parses `/refuse/404`, `/close/4001/reason` or `/user/name`.
fn in_parts(path: &str) -> Option<Decision> {
    let (decision, rest) = path.strip_prefix('/')?.split_once('/')?;
    let (number, reason) = rest.split_once('/').unwrap_or((rest, ""));
    match decision {
        "refuse" => Some(Decision::refuse(number.parse().ok()?)),
        "close" => Some(Decision::close(number.parse().ok()?, reason)),
        "user" => Some(Decision::Accept(Acceptance {
            user: Some(rest.to_owned()),
            headers: vec![pair("x-user", rest)],
            attachment: format!("{rest} of the gate").into_bytes(),
            ..Acceptance::default()
        })),
        _ => None,
    }
}

impl Lifecycle for Probe {
    fn on_start(&mut self, reason: StartReason, saved: Option<Saved>) -> Result<(), String> {
        self.started = Some(reason);
        self.saved = saved.and_then(|saved| Some(u32::from_le_bytes(saved.data.try_into().ok()?)));
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        Saved { version: "1".into(), data: self.messages.to_le_bytes().to_vec() }
    }
}

impl Flow for Probe {
    fn on_drain(&mut self, id: ClientId) {
        send(id, "drained").ok();
    }
}

impl Presence for Probe {
    fn on_line_lost(&mut self, id: ClientId) {
        topics::publish("presence", format!("lost {id} online={}", is_online(id))).ok();
    }

    fn on_line_back(&mut self, id: ClientId) {
        topics::publish("presence", format!("back {id} online={}", is_online(id))).ok();
    }
}

impl Timers for Probe {
    fn on_timer(&mut self, id: TimerId, payload: Vec<u8>) {
        let payload = String::from_utf8_lossy(&payload);
        // In the log too, in case no client is there to receive it.
        println!("timer {payload}");
        broadcast(format!("timer {id} {payload}")).ok();
    }
}

impl Responses for Probe {
    fn on_response(&mut self, _: FetchId, context: Vec<u8>, outcome: Result<Response, Failure>) {
        asking::answered(&context, outcome);
    }

    fn on_body(&mut self, _: FetchId, context: Vec<u8>, part: BodyPart) {
        asking::sent(&context, part);
    }
}
