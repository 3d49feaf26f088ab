//! Scripts: the calls that a handler of the model test makes. The guest, the native app, and the model itself read them.

use std::fmt;

/// One call of the contract, or a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// `send`, with a message of about this many bytes.
    Send { to: u64, bytes: usize },
    /// `broadcast`, without one client.
    Broadcast { bytes: usize, except: u64 },
    /// `publish`, without one client.
    Publish { topic: u8, bytes: usize, except: u64 },
    /// `close`.
    Close { id: u64, code: u16 },
    /// `subscribe`.
    Subscribe { id: u64, topic: u8 },
    /// `unsubscribe`.
    Unsubscribe { id: u64, topic: u8 },
    /// `set-attachment`.
    Attach { id: u64, value: u32 },
    /// `count`, and the attachment and the topics of a client.
    Look { id: u64 },
    /// `set-timer`. The timer's script is the rest of this one.
    Timer { delay_ms: u32, script: Vec<Op> },
    /// `cancel-timer`.
    Cancel { timer: u64 },
    /// Computes long enough for the host to suspend the handler.
    Compute,
    /// Fails.
    Fail,
}

/// The number of topics that scripts name.
pub const TOPICS: u8 = 3;

/// The functions that the handlers of a room can call, whatever the language.
pub trait World {
    /// Sends a text, and returns the status or the error.
    fn send(&mut self, to: u64, text: &str) -> String;
    /// Sends a text to all but one.
    fn broadcast(&mut self, text: &str, except: u64) -> String;
    /// Sends a text to all subscribers but one.
    fn publish(&mut self, topic: &str, text: &str, except: u64) -> String;
    /// Closes a client.
    fn close(&mut self, id: u64, code: u16) -> String;
    /// Subscribes a client.
    fn subscribe(&mut self, id: u64, topic: &str) -> String;
    /// Unsubscribes a client.
    fn unsubscribe(&mut self, id: u64, topic: &str);
    /// The subscribers of a topic.
    fn subscribers(&mut self, topic: &str) -> Vec<u64>;
    /// Attaches bytes to a client.
    fn attach(&mut self, id: u64, value: &str) -> String;
    /// The attachment of a client, or the empty string.
    fn attachment(&mut self, id: u64) -> String;
    /// The members.
    fn clients(&mut self) -> Vec<u64>;
    /// Sets a timer, and returns its id or the error.
    fn timer(&mut self, delay_ms: u32, payload: &str) -> String;
    /// Cancels a timer.
    fn cancel(&mut self, timer: u64);
    /// Computes for tens of milliseconds.
    fn compute(&mut self);
    /// Fails, for good.
    fn fail(&mut self);
}

/// Runs a script in the handler of an event, and sends a record of it to the room's oldest member, the recorder.
///
/// A record is `#NUMBER EVENT|SCRIPT|RESULTS`. Its number is kept in the recorder's attachment: so the record of a handler that
/// fails is undone with the rest, and a gap in the numbers shows an event that counted and lost its effects.
pub fn perform(world: &mut impl World, event: &str, script: &str) {
    let Some(recorder) = world.clients().into_iter().min() else { return };
    let number = world.attachment(recorder).parse().unwrap_or(0_u64) + 1;
    world.attach(recorder, &number.to_string());
    let mut results = Vec::new();
    for (index, op) in parse(script).into_iter().enumerate() {
        results.push(call(world, &op, number, index));
    }
    world.send(recorder, &format!("#{number} {event}|{script}|{}", results.join(" ")));
}

fn call(world: &mut impl World, op: &Op, number: u64, index: usize) -> String {
    match op {
        Op::Send { to, bytes } => return world.send(*to, &text(number, index, *bytes)),
        Op::Broadcast { bytes, except } => return world.broadcast(&text(number, index, *bytes), *except),
        Op::Publish { topic, bytes, except } => return world.publish(&name(*topic), &text(number, index, *bytes), *except),
        Op::Close { id, code } => return world.close(*id, *code),
        Op::Subscribe { id, topic } => return world.subscribe(*id, &name(*topic)),
        Op::Unsubscribe { id, topic } => world.unsubscribe(*id, &name(*topic)),
        Op::Attach { id, value } => return world.attach(*id, &value.to_string()),
        Op::Look { id } => return look(world, *id),
        Op::Timer { delay_ms, script } => return world.timer(*delay_ms, &show(script)),
        Op::Cancel { timer } => world.cancel(*timer),
        Op::Compute => world.compute(),
        Op::Fail => world.fail(),
    }
    "ok".to_owned()
}

fn look(world: &mut impl World, id: u64) -> String {
    let topics: Vec<_> = (0..TOPICS).filter(|topic| world.subscribers(&name(*topic)).contains(&id)).collect();
    seen(world.clients().len(), &world.attachment(id), &topics)
}

/// The result of a look.
pub fn seen(count: usize, attachment: &str, topics: &[u8]) -> String {
    let topics: String = topics.iter().map(|topic| name(*topic)).collect();
    format!("{count}/{attachment}/{topics}")
}

/// The message of an operation: its place in the run, and padding.
pub fn text(number: u64, index: usize, bytes: usize) -> String {
    format!("{number}.{index} {}", "x".repeat(bytes))
}

/// The name of a topic.
pub fn name(topic: u8) -> String {
    char::from(b'a' + topic).to_string()
}

/// Reads a script.
pub fn parse(script: &str) -> Vec<Op> {
    let Some((first, rest)) = script.split_once(';').or_else(|| (!script.is_empty()).then_some((script, ""))) else {
        return Vec::new();
    };
    let words: Vec<u64> = first.split(' ').skip(1).map(|word| word.parse().expect("a script has numbers")).collect();
    let (one, two, three) = (words[0], words.get(1).copied().unwrap_or(0), words.get(2).copied().unwrap_or(0));
    let op = match first.split(' ').next().expect("split gives one piece at least") {
        "send" => Op::Send { to: one, bytes: two as usize },
        "broadcast" => Op::Broadcast { bytes: one as usize, except: two },
        "publish" => Op::Publish { topic: one as u8, bytes: two as usize, except: three },
        "close" => Op::Close { id: one, code: two as u16 },
        "subscribe" => Op::Subscribe { id: one, topic: two as u8 },
        "unsubscribe" => Op::Unsubscribe { id: one, topic: two as u8 },
        "attach" => Op::Attach { id: one, value: two as u32 },
        "look" => Op::Look { id: one },
        "timer" => return vec![Op::Timer { delay_ms: one as u32, script: parse(rest) }],
        "cancel" => Op::Cancel { timer: one },
        "compute" => Op::Compute,
        "fail" => Op::Fail,
        other => panic!("no such operation: {other}"),
    };
    let mut ops = vec![op];
    ops.extend(parse(rest));
    ops
}

/// Writes a script. A timer must be its last operation.
pub fn show(script: &[Op]) -> String {
    let ops: Vec<_> = script.iter().map(Op::to_string).collect();
    ops.join(";")
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { to, bytes } => write!(f, "send {to} {bytes}"),
            Self::Broadcast { bytes, except } => write!(f, "broadcast {bytes} {except}"),
            Self::Publish { topic, bytes, except } => write!(f, "publish {topic} {bytes} {except}"),
            Self::Close { id, code } => write!(f, "close {id} {code}"),
            Self::Subscribe { id, topic } => write!(f, "subscribe {id} {topic}"),
            Self::Unsubscribe { id, topic } => write!(f, "unsubscribe {id} {topic}"),
            Self::Attach { id, value } => write!(f, "attach {id} {value}"),
            Self::Look { id } => write!(f, "look {id}"),
            Self::Timer { delay_ms, script } if script.is_empty() => write!(f, "timer {delay_ms}"),
            Self::Timer { delay_ms, script } => write!(f, "timer {delay_ms};{}", show(script)),
            Self::Cancel { timer } => write!(f, "cancel {timer}"),
            Self::Compute => f.write_str("compute 0"),
            Self::Fail => f.write_str("fail 0"),
        }
    }
}
