//! A client, a host with its sessions, and lines between them that carry real frames.

use std::collections::VecDeque;

use bytes::BytesMut;

use crate::resume::{ClientSession, Fresh, FromClient, FromHost, Hello, HostSession, Limits, Outcome, Token, Welcome};
use crate::{Incoming, Message, Session, write_masked, write_message};

const ROOMY: usize = 1 << 16;

/// One connection. Both ends read real frames, so that a cut can be at any byte.
struct Line {
    /// Bytes on their way. `None` once the line is cut: then nothing arrives any more.
    to_host: Option<VecDeque<u8>>,
    to_client: Option<VecDeque<u8>>,
    host: Session,
    client: Session,
    /// The session at the host, since its hello.
    session: Option<usize>,
    /// Whether the host takes part in it.
    is_open_at_host: bool,
}

/// A session at the host, with what its application has seen. A session that is over has no machine.
struct AtHost {
    machine: Result<HostSession<Message>, Fresh>,
    sent: Vec<Message>,
    received: Vec<Message>,
}

/// The same at the client.
#[derive(Default)]
struct AtClient {
    sent: Vec<Message>,
    received: Vec<Message>,
}

pub(super) struct World {
    lines: Vec<Line>,
    client: ClientSession<Message>,
    /// Whether the client has a line: the last one.
    is_connected: bool,
    /// The session that the client has its last welcome of.
    handle: Option<usize>,
    at_host: Vec<AtHost>,
    at_client: Vec<AtClient>,
    /// Messages that no line has carried at the client.
    waiting: Vec<Message>,
    count: u64,
    pub(super) resumed: usize,
    pub(super) begun_anew: usize,
    pub(super) resent: usize,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            lines: Vec::new(),
            client: ClientSession::new(Limits { bytes: 1 << 20, messages: 1 << 20 }),
            is_connected: false,
            handle: None,
            at_host: Vec::new(),
            at_client: Vec::new(),
            waiting: Vec::new(),
            count: 0,
            resumed: 0,
            begun_anew: 0,
            resent: 0,
        }
    }

    /// The client opens a line and says hello. It gives up the one before.
    pub(super) fn connect(&mut self) {
        self.lines.push(Line {
            to_host: Some(VecDeque::new()),
            to_client: Some(VecDeque::new()),
            host: Session::new(ROOMY),
            client: Session::client(ROOMY, None),
            session: None,
            is_open_at_host: true,
        });
        self.is_connected = true;
        let hello = self.client.hello();
        self.write_to_host(&FromClient::Hello(hello));
    }

    pub(super) fn client_sends(&mut self, padding: usize) {
        let message = self.message(padding);
        if self.client.send(message.clone(), message.as_bytes().len()) {
            self.of_client().sent.push(message.clone());
            self.write_to_host(&FromClient::Message(message));
        } else {
            self.waiting.push(message);
        }
    }

    /// The application of the host sends to the member of the last session that is not over.
    pub(super) fn host_sends(&mut self, padding: usize) {
        let message = self.message(padding);
        let Some(session) = self.at_host.iter().rposition(|session| session.machine.is_ok()) else { return };
        let AtHost { machine, sent, .. } = &mut self.at_host[session];
        let Ok(machine) = machine else { return };
        sent.push(message.clone());
        let goes_out = machine.send(message.clone(), message.as_bytes().len());
        let (line, is_over) = (machine.line(), !goes_out && machine.is_over_limit());
        if is_over {
            self.end(session, Fresh::TooMuch);
        } else if let Some(line) = line {
            self.write_to_client(line, &FromHost::Message(message));
        }
    }

    /// Bytes arrive at the host, over a line, counted back from the last one.
    pub(super) fn reach_host(&mut self, line: usize, bytes: usize) {
        let Some(line) = self.lines.len().checked_sub(1 + line) else { return };
        // Bytes that were read before a line was cut may be handled after it.
        let Line { to_host: Some(pipe), host, session, is_open_at_host, .. } = &mut self.lines[line] else { return };
        if session.is_none() && !*is_open_at_host {
            return;
        }
        let mut input: BytesMut = pipe.drain(..bytes.min(pipe.len())).collect::<Vec<_>>()[..].into();
        let mut arrived = Vec::new();
        while let Some(incoming) = host.receive(&mut input).expect("the client keeps the rules of frames") {
            arrived.push(incoming);
        }
        for incoming in arrived {
            let Incoming::Message(message) = incoming else { panic!("{incoming:?}") };
            self.host_reads(line, FromClient::read(message).expect("the client keeps the rules"));
        }
    }

    fn host_reads(&mut self, line: usize, message: FromClient) {
        if let FromClient::Hello(hello) = message {
            return self.host_welcomes(line, &hello);
        }
        let session = self.lines[line].session.expect("a hello comes first");
        let AtHost { machine, received, .. } = &mut self.at_host[session];
        let Ok(machine) = machine else { return };
        match message {
            FromClient::Message(message) => {
                if machine.received(line as u64, message.as_bytes().len()) {
                    received.push(message);
                }
            }
            FromClient::Received(number) => machine.confirmed(line as u64, number).expect("the client counts right"),
            other => panic!("{other:?}"),
        }
    }

    fn host_welcomes(&mut self, line: usize, hello: &Hello) {
        self.count += 1;
        let (id, token) = (line as u64, Token(u128::from(self.count).to_be_bytes()));
        // The handle is in the query of the line's request. The client had the last one then; a session never changes its handle.
        let named = self.at_host.iter().position(|session| {
            let mut machine = session.machine.clone();
            machine.as_mut().is_ok_and(|machine| machine.resume(id, hello, token) != Err(Fresh::Unknown))
        });
        let outcome = match named.filter(|_| hello.token.is_some()) {
            None => Err(if hello.token.is_some() { Fresh::Unknown } else { Fresh::New }),
            Some(session) => {
                let machine = self.at_host[session].machine.as_mut().expect("only those were looked at");
                let resumed = machine.resume(id, hello, token);
                if let Err(reason) = resumed {
                    self.end(session, reason);
                }
                resumed.map(|resumed| (session, resumed))
            }
        };
        match outcome {
            Ok((session, resumed)) => {
                if let Some(cut) = resumed.cut {
                    self.lines[cut as usize].is_open_at_host = false;
                }
                self.lines[line].session = Some(session);
                self.welcome(line, session, resumed.welcome);
                let machine = self.at_host[session].machine.as_ref().expect("it has resumed");
                let again: Vec<_> = machine.unconfirmed().cloned().collect();
                self.resent += again.len();
                again.into_iter().for_each(|message| self.write_to_client(id, &FromHost::Message(message)));
            }
            Err(reason) => {
                let (machine, welcome) = HostSession::begin(id, reason, token, Limits { bytes: 400, messages: 12 });
                self.at_host.push(AtHost { machine: Ok(machine), sent: Vec::new(), received: Vec::new() });
                self.at_client.push(AtClient::default());
                self.lines[line].session = Some(self.at_host.len() - 1);
                self.welcome(line, self.at_host.len() - 1, welcome);
            }
        }
    }

    fn welcome(&mut self, line: usize, session: usize, welcome: Welcome) {
        let handle = session.to_string().into();
        self.write_to_client(line as u64, &FromHost::Welcome { handle, keep: std::time::Duration::ZERO, welcome });
    }

    /// Bytes arrive at the client. It ignores lines that it has given up.
    pub(super) fn reach_client(&mut self, line: usize, bytes: usize) {
        let Some(line) = self.lines.len().checked_sub(1 + line) else { return };
        let is_present = self.is_connected && line + 1 == self.lines.len();
        let Line { to_client: Some(pipe), client, is_open_at_host, .. } = &mut self.lines[line] else { return };
        let mut input: BytesMut = pipe.drain(..bytes.min(pipe.len())).collect::<Vec<_>>()[..].into();
        let is_closed = pipe.is_empty() && !*is_open_at_host;
        let mut arrived = Vec::new();
        while let Some(incoming) = client.receive(&mut input).expect("the host keeps the rules of frames") {
            arrived.push(incoming);
        }
        for incoming in arrived.into_iter().filter(|_| is_present) {
            let Incoming::Message(message) = incoming else { panic!("{incoming:?}") };
            self.client_reads(FromHost::read(message).expect("the host keeps the rules"));
        }
        if is_closed && is_present {
            self.client_loses();
        }
    }

    fn client_reads(&mut self, message: FromHost) {
        match message {
            FromHost::Message(message) => {
                self.client.received(message.as_bytes().len()).expect("the welcome comes first");
                self.of_client().received.push(message);
            }
            FromHost::Received(number) => self.client.confirmed(number).expect("the host counts right"),
            FromHost::Welcome { handle, welcome, .. } => {
                let session = handle.parse().expect("the world writes it");
                match self.client.welcomed(welcome).expect("the host keeps the rules") {
                    Outcome::Resumed => {
                        assert_eq!(self.handle, Some(session), "a session goes on with its own state");
                        self.resumed += 1;
                    }
                    Outcome::Fresh { reason, .. } => self.begun_anew += usize::from(reason != Fresh::New),
                }
                self.handle = Some(session);
                let waiting = std::mem::take(&mut self.waiting);
                self.of_client().sent.extend(waiting);
                self.client_confirms();
                let again: Vec<_> = self.client.unconfirmed().cloned().collect();
                again.into_iter().for_each(|message| self.write_to_host(&FromClient::Message(message)));
            }
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn cut(&mut self, line: usize) {
        let Some(line) = self.lines.len().checked_sub(1 + line) else { return };
        (self.lines[line].to_host, self.lines[line].to_client) = (None, None);
    }

    pub(super) fn host_loses(&mut self, line: usize) {
        let Some(line) = self.lines.len().checked_sub(1 + line) else { return };
        self.lines[line].is_open_at_host = false;
        let Some(session) = self.lines[line].session else { return };
        let Ok(machine) = &mut self.at_host[session].machine else { return };
        if machine.lost(line as u64) && !machine.can_resume() {
            self.end(session, Fresh::Unknown);
        }
    }

    pub(super) fn client_loses(&mut self) {
        self.is_connected = false;
        self.client.lost();
    }

    pub(super) fn host_confirms(&mut self) {
        for session in 0..self.at_host.len() {
            let Ok(machine) = &mut self.at_host[session].machine else { continue };
            if let Some(line) = machine.line().filter(|_| machine.has_confirmation()) {
                let number = machine.confirmation();
                self.write_to_client(line, &FromHost::Received(number));
            }
        }
    }

    pub(super) fn client_confirms(&mut self) {
        if self.client.is_welcome() {
            let number = self.client.confirmation();
            self.write_to_host(&FromClient::Received(number));
        }
    }

    /// A handler fails in the session that the client has.
    pub(super) fn fail(&mut self) {
        if let Some(session) = self.handle {
            self.end(session, Fresh::Failed);
        }
    }

    /// The session is over, and its line closes.
    fn end(&mut self, session: usize, reason: Fresh) {
        let ended = std::mem::replace(&mut self.at_host[session].machine, Err(reason));
        if let Some(line) = ended.ok().and_then(|machine| machine.line()) {
            self.lines[line as usize].is_open_at_host = false;
        }
    }

    /// Nothing is cut from now on, and everything arrives.
    pub(super) fn settle(&mut self) {
        self.connect();
        loop {
            for line in 0..self.lines.len() {
                self.reach_host(line, usize::MAX);
                self.reach_client(line, usize::MAX);
            }
            let is_quiet =
                |line: &Line| [&line.to_host, &line.to_client].iter().all(|pipe| pipe.as_ref().is_none_or(VecDeque::is_empty));
            if !self.is_connected {
                self.connect();
            } else if self.lines.last().is_some_and(|line| is_quiet(line) && line.is_open_at_host) {
                return;
            }
        }
    }

    /// In each session and both directions, the messages that have arrived are the first of those that were sent.
    pub(super) fn check(&self) {
        for (host, client) in self.at_host.iter().zip(&self.at_client) {
            assert!(client.sent.starts_with(&host.received), "the host has {:?} of {:?}", host.received, client.sent);
            assert!(host.sent.starts_with(&client.received), "the client has {:?} of {:?}", client.received, host.sent);
        }
    }

    /// In the session that the client has, all has arrived.
    pub(super) fn check_all_arrived(&self) {
        let session = self.handle.expect("the client is welcome");
        let (host, client) = (&self.at_host[session], &self.at_client[session]);
        assert_eq!(host.machine.as_ref().err(), None, "the host has that session too");
        assert_eq!((&host.received, &client.received), (&client.sent, &host.sent));
        assert!(self.waiting.is_empty());
    }

    fn of_client(&mut self) -> &mut AtClient {
        &mut self.at_client[self.handle.expect("the client is welcome")]
    }

    fn message(&mut self, padding: usize) -> Message {
        self.count += 1;
        Message::text(format!("{}{}", self.count, "x".repeat(padding)))
    }

    fn write_to_host(&mut self, message: &FromClient) {
        let line = self.lines.last_mut().expect("the client has a line");
        if let Some(pipe) = &mut line.to_host {
            let mut frame = Vec::new();
            write_masked(&mut frame, &framed(&message.write()), [1, 2, 3, 4]);
            pipe.extend(frame);
        }
    }

    fn write_to_client(&mut self, line: u64, message: &FromHost) {
        if let Some(pipe) = &mut self.lines[line as usize].to_client {
            pipe.extend(framed(&message.write()));
        }
    }
}

fn framed(message: &Message) -> Vec<u8> {
    let mut frame = Vec::new();
    write_message(&mut frame, message.as_text().is_some(), message.as_bytes());
    frame
}
