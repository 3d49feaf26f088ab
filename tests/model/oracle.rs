//! The model: it reads the records of one room and predicts what each client receives, and the result of each call.

use std::collections::{BTreeMap, BTreeSet};

use super::client::{FAREWELL_BYTES, Manner, Seen, Told};
use super::script::{Op, TOPICS, parse, seen, text};

/// The soft and the hard limit of the hosts in this test.
pub const SOFT_BYTES: usize = 4 << 10;
pub const HARD_BYTES: usize = 8 << 20;
/// The most that a server's frame adds to a message (RFC 6455 §5.2).
const FRAME_HEADER_BYTES: usize = 10;

/// Whether messages go to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A script has closed it, with this code.
    Closed(u16),
    /// Its connection has ended, which a result has shown. It is about to leave.
    Ended,
}

/// A client, as far as the records tell.
#[derive(Debug)]
pub struct Member {
    state: State,
    attachment: String,
    topics: BTreeSet<u8>,
    /// The messages that were sent to it.
    expected: Vec<Told>,
    /// The length of `expected` when it was last heard. A client whose message fails has received this much.
    floor: usize,
    /// Its messages, as they were handled.
    heard: Vec<String>,
    sent_bytes: usize,
    drains: usize,
    owes_drain: bool,
    /// The code and the cause in its `on-client-left`.
    end: Option<(u16, String)>,
}

/// A room.
#[derive(Debug, Default)]
pub struct Oracle {
    number: u64,
    last_id: u64,
    members: BTreeMap<u64, Member>,
    gone: BTreeMap<u64, Member>,
    timers: BTreeMap<u64, String>,
}

impl Oracle {
    /// How many clients have left.
    pub fn left(&self) -> usize {
        self.gone.len()
    }

    /// How many timers are still to come. A timer whose script fails leaves no record.
    pub fn timers(&self) -> usize {
        self.timers.values().filter(|script| !script.contains("fail")).count()
    }

    /// Reads a record. Panics if it contradicts an earlier one.
    pub fn read(&mut self, record: &str) {
        let mut parts = record.trim_start_matches('#').split('|');
        let mut part = || parts.next().expect("a record has three parts");
        let (head, script, results) = (part(), part(), part());
        let (number, event) = head.split_once(' ').expect("a record has a number and an event");
        assert_eq!(number.parse::<u64>().ok(), Some(self.number + 1), "records are numbered without a gap: {record}");
        self.number += 1;
        let mut words = event.split(' ');
        let kind = words.next().unwrap_or_default();
        let mut word = || words.next().unwrap_or_default();
        let id: u64 = word().parse().expect("an event names a client or a timer");
        let mut leaver = None;
        match kind {
            "joined" => self.joins(id),
            "message" => self.hears(id, script),
            "timer" => {
                let set = self.timers.remove(&id);
                assert_eq!(set.as_deref(), Some(script), "timer {id} was set, and had neither run nor been cancelled");
            }
            "drain" => self.drains(id),
            "left" => {
                let end = (word().parse().expect("a code is a number"), word().to_owned());
                let member = self.members.remove(&id).unwrap_or_else(|| panic!("{id} is a member when it leaves"));
                leaver = Some((id, Member { end: Some(end), ..member }));
            }
            other => panic!("no such event: {other}"),
        }
        let ops = parse(script);
        let results: Vec<_> = results.split(' ').filter(|result| !result.is_empty()).collect();
        assert_eq!(ops.len(), results.len(), "each call has a result: {record}");
        for (index, (op, result)) in ops.iter().zip(results).enumerate() {
            let number = self.number;
            let told = |bytes| Told::of(&text(number, index, bytes));
            match op {
                Op::Send { .. } | Op::Broadcast { .. } | Op::Publish { .. } => self.sends(op, result, told),
                _ => self.changes(op, result, leaver.as_ref()),
            }
        }
        self.gone.extend(leaver);
        // The record itself went to the oldest member.
        if let Some(recorder) = self.members.values_mut().next() {
            recorder.sent_bytes += record.len() + FRAME_HEADER_BYTES;
        }
    }

    fn joins(&mut self, id: u64) {
        assert!(id > self.last_id, "ids grow: {id} joins after {}", self.last_id);
        self.last_id = id;
        let expected = vec![Told::of(&format!("you are {id}"))];
        self.members.insert(
            id,
            Member {
                state: State::Open,
                attachment: String::new(),
                topics: BTreeSet::new(),
                expected,
                floor: 1,
                heard: Vec::new(),
                sent_bytes: 0,
                drains: 0,
                owes_drain: false,
                end: None,
            },
        );
    }

    fn hears(&mut self, id: u64, script: &str) {
        let member = self.members.get_mut(&id).unwrap_or_else(|| panic!("{id} is a member when it is heard"));
        assert!(!matches!(member.state, State::Closed(_)), "{id} was closed and is not heard any more");
        if script.ends_with(&format!("send {id} {FAREWELL_BYTES}")) {
            assert!(!member.owes_drain, "{id} has read everything, and was promised on-drain");
        }
        member.heard.push(script.to_owned());
        member.floor = member.expected.len();
    }

    fn drains(&mut self, id: u64) {
        let member = self.members.get_mut(&id).unwrap_or_else(|| panic!("{id} is a member when it has drained"));
        member.owes_drain = false;
        member.drains += 1;
        let (drains, sent) = (member.drains, member.sent_bytes);
        assert!(drains * SOFT_BYTES < sent, "{id} has drained {drains} times and was sent only {sent} bytes");
    }

    fn sends(&mut self, op: &Op, result: &str, told: impl Fn(usize) -> Told) {
        match op {
            Op::Send { to, bytes } => {
                let Some(member) = self.members.get_mut(to) else { return assert_eq!(result, "no-such-client", "{op}") };
                match (member.state, result) {
                    (State::Open, "queued" | "backpressure") => {
                        member.owes_drain |= result == "backpressure";
                        member.is_sent(told(*bytes));
                    }
                    (State::Open, "closing") => member.state = State::Ended,
                    _ => assert_eq!(result, "closing", "{op} to a client that is {:?}", member.state),
                }
            }
            Op::Broadcast { bytes, except } => {
                assert_eq!(result, "ok", "{op}");
                for (_, member) in self.members.iter_mut().filter(|(id, _)| *id != except) {
                    member.is_sent(told(*bytes));
                }
            }
            Op::Publish { topic, bytes, except } => {
                assert_eq!(result, "ok", "{op}");
                for (_, member) in self.members.iter_mut().filter(|(id, member)| *id != except && member.topics.contains(topic)) {
                    member.is_sent(told(*bytes));
                }
            }
            _ => unreachable!("the caller gives only these"),
        }
    }

    fn changes(&mut self, op: &Op, result: &str, leaver: Option<&(u64, Member)>) {
        let count = self.members.len();
        let (Op::Close { id, .. }
        | Op::Subscribe { id, .. }
        | Op::Unsubscribe { id, .. }
        | Op::Attach { id, .. }
        | Op::Look { id }) = op
        else {
            return self.times(op, result);
        };
        let Some(member) = self.members.get_mut(id) else {
            let expected = match op {
                Op::Unsubscribe { .. } => "ok".to_owned(),
                Op::Look { .. } => {
                    let leaver = leaver.filter(|(leaver, _)| leaver == id);
                    seen(count, leaver.map_or("", |(_, member)| &member.attachment), &[])
                }
                _ => "no-such-client".to_owned(),
            };
            return assert_eq!(result, expected, "{op}");
        };
        match op {
            Op::Close { code, .. } => {
                assert_eq!(result, "ok", "{op}");
                if member.state == State::Open {
                    member.state = State::Closed(*code);
                }
            }
            Op::Subscribe { topic, .. } => match (member.state, result) {
                (State::Open, "ok") => drop(member.topics.insert(*topic)),
                (State::Open, "no-such-client") => member.state = State::Ended,
                _ => assert_eq!(result, "no-such-client", "{op} of a client that is {:?}", member.state),
            },
            Op::Unsubscribe { topic, .. } => drop(member.topics.remove(topic)),
            Op::Attach { value, .. } => {
                assert_eq!(result, "ok", "{op}");
                member.attachment = value.to_string();
            }
            _ => {
                let topics: Vec<_> = (0..TOPICS).filter(|topic| member.topics.contains(topic)).collect();
                assert_eq!(result, seen(count, &member.attachment, &topics), "{op}");
            }
        }
    }

    fn times(&mut self, op: &Op, result: &str) {
        match op {
            Op::Timer { script, .. } => {
                let id = result.parse().unwrap_or_else(|_| panic!("a timer has an id: {result}"));
                let before = self.timers.insert(id, super::script::show(script));
                assert_eq!(before, None, "a timer's id is new");
            }
            Op::Cancel { timer } => drop(self.timers.remove(timer)),
            Op::Compute => {}
            _ => panic!("a handler that fails leaves no record"),
        }
    }

    /// Compares what a member has received up to now with the prediction.
    pub fn check_member(&self, id: u64, received: &[Told]) {
        assert_eq!(self.members[&id].expected, received, "the recorder receives like others");
    }

    /// Compares what a client saw with the prediction.
    pub fn check(&self, seen: &Seen) {
        let member = self.gone.get(&seen.id).unwrap_or_else(|| panic!("{} has left", seen.id));
        let (code, cause) = member.end.as_ref().expect("all that are gone have an end");
        let case = Case {
            member,
            seen,
            code: *code,
            cause,
            failed: seen.sent.get(member.heard.len()).is_some_and(|script| script.contains("fail")),
            flooded: member.sent_bytes > HARD_BYTES,
        };
        case.check_received();
        case.check_heard();
        case.check_close();
    }
}

/// The comparison for one client.
#[derive(Debug)]
struct Case<'a> {
    member: &'a Member,
    seen: &'a Seen,
    /// The end that the room was told.
    code: u16,
    cause: &'a str,
    /// Whether the message behind those that were heard fails.
    failed: bool,
    /// Whether more than the hard limit may have waited for the client.
    flooded: bool,
}

impl Case<'_> {
    /// Whether the client must have received everything that was sent to it.
    fn is_whole(&self) -> bool {
        let by_cause = match (self.cause, self.seen.manner) {
            (_, Manner::Resets) | ("Trap" | "Overload", _) => false,
            ("Client" | "Guest", _) | ("Lost", Manner::HalfClosesSilently) => true,
            (cause, manner) => panic!("{} ({manner:?}) left by {cause} {}", self.seen.id, self.code),
        };
        by_cause && !self.failed && !self.flooded
    }

    fn check_received(&self) {
        let (seen, received) = (self.seen, &self.seen.received);
        let until = if self.is_whole() { usize::MAX } else { received.len() }.min(self.member.expected.len());
        let expected = &self.member.expected[..until];
        for n in 0..expected.len().max(received.len()) {
            let (expected, received) = (expected.get(n), received.get(n));
            assert_eq!(received, expected, "message {n} of {} ({:?}, {} {})", seen.id, seen.manner, self.cause, self.code);
        }
        if self.cause == "Trap" {
            assert!(received.len() >= self.member.floor, "{} received what was sent before its message failed", seen.id);
        }
    }

    fn check_heard(&self) {
        let (seen, heard) = (self.seen, &self.member.heard);
        assert_eq!(heard[..], seen.sent[..heard.len().min(seen.sent.len())], "{}: each message counts once, in order", seen.id);
        match self.cause {
            "Client" | "Lost" if self.is_whole() && self.member.state == State::Open => {
                assert_eq!(heard.len(), seen.sent.len(), "{} ({:?}): every message counts", seen.id, seen.manner);
            }
            "Trap" => assert!(self.failed, "{} fails by {:?}", seen.id, seen.sent.get(heard.len())),
            "Overload" => assert!(self.flooded, "{} was sent only {} bytes", seen.id, self.member.sent_bytes),
            "Guest" => assert_eq!(self.member.state, State::Closed(self.code), "{} was closed by a script", seen.id),
            _ => {}
        }
    }

    fn check_close(&self) {
        let (seen, close) = (self.seen, self.seen.close);
        match self.cause {
            // A client that reads nothing for long is cut.
            _ if seen.manner == Manner::Resets || self.flooded => {}
            // The client's close frame had come already. The reply to it has the code of our side's reason.
            "Client" if self.failed => {
                assert!(close.is_some(), "a close frame ends the connection of {}", seen.id);
            }
            "Client" if close.is_some_and(|code| self.member.state == State::Closed(code)) => {}
            "Client" | "Guest" | "Trap" => {
                assert_eq!(close, Some(self.code), "{} ({:?}): the close frame after {}", seen.id, seen.manner, self.cause);
            }
            _ => {}
        }
    }
}

impl Member {
    fn is_sent(&mut self, told: Told) {
        if self.state == State::Open {
            self.sent_bytes += told.bytes + FRAME_HEADER_BYTES;
            self.expected.push(told);
        }
    }
}
