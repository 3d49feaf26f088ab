//! The world: nodes, the network between them, and the clients. One thing happens after the other, at its time.

use std::collections::BTreeMap;

use bytes::Bytes;
use fastrand::Rng;

use super::clock::Clock;
use super::nats::{Nats, Reply, Request};
use super::node::{Around, Node, Out, Setting};
use super::oracle::Oracle;
use crate::{Act, Lease, Life, NodeRecord, Standing, Start};

const MILLI: u64 = 1000;
const SECOND: u64 = 1000 * MILLI;
/// The events that may happen at one time.
const AT_ONCE: u32 = 10_000;

/// Something that happens. The first number is that of the machine, the second tells its processes apart.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Tick(usize, u64),
    Letter(usize, u64, Bytes),
    Arrive(usize, u64, u64, Request),
    Reply(usize, u64, u64, Reply),
    /// The second number is that of the watch.
    Watch(usize, u64, u64, (u64, u16, NodeRecord)),
    Reconnected(usize, u64, u64, u64),
    Start(usize),
    Client,
    Trouble,
    Continue(usize),
    CoreBack(usize),
    JetBack(usize),
    NatsBack,
}

/// A machine with the process of a node.
pub(super) struct Machine {
    pub(super) node: Option<Node>,
    pub(super) process: u64,
    pub(super) clock: Clock,
    pub(super) is_stopped: bool,
    /// The events that wait for a stopped process.
    inbox: Vec<Event>,
    pub(super) core_is_cut: bool,
    pub(super) jet_is_cut: bool,
    number: u16,
    /// The number of the watch, and when its last record comes.
    watch: u64,
    watched: u64,
}

pub(super) struct World {
    pub(super) now: u64,
    events: BTreeMap<(u64, u64), Event>,
    order: u64,
    pub(super) rng: Rng,
    pub(super) nats: Nats,
    pub(super) snapshot: Nats,
    pub(super) oracle: Oracle,
    pub(super) setting: Setting,
    pub(super) machines: Vec<Machine>,
    /// Messages lost, of a hundred.
    pub(super) loss: u32,
    pub(super) troubles: bool,
    clients: u64,
    numbers: u16,
}

impl World {
    pub(super) fn new(mut rng: Rng, setting: Setting, machines: usize, clocks_are_good: bool) -> Self {
        let machine = |rng: &mut Rng| Machine {
            node: None,
            process: 0,
            clock: Clock { rate: rng.u32(960..1040), offset: rng.i64(0..1000 * 1000 * 1000) },
            is_stopped: false,
            inbox: Vec::new(),
            core_is_cut: false,
            jet_is_cut: false,
            number: 0,
            watch: 0,
            watched: 0,
        };
        let machines = (0..machines).map(|_| machine(&mut rng)).collect();
        let mut oracle = Oracle::default();
        oracle.clocks_are_good = clocks_are_good;
        let loss = if rng.bool() { 0 } else { rng.u32(0..15) };
        let mut world = Self {
            now: SECOND,
            events: BTreeMap::new(),
            order: 0,
            rng,
            nats: Nats::default(),
            snapshot: Nats::default(),
            oracle,
            setting,
            machines,
            loss,
            troubles: true,
            clients: 0,
            numbers: 0,
        };
        (0..world.machines.len()).for_each(|machine| world.at(0, Event::Start(machine)));
        world.at(100 * MILLI, Event::Client);
        world.at(SECOND, Event::Trouble);
        world
    }

    pub(super) fn at(&mut self, delay: u64, event: Event) {
        self.order += 1;
        self.events.insert((self.now + delay, self.order), event);
    }

    /// Lets this much time pass.
    pub(super) fn run(&mut self, micros: u64) {
        let end = self.now + micros;
        let mut at_once = 0;
        while self.events.first_key_value().is_some_and(|((at, _), _)| *at <= end) {
            let ((at, _), event) = self.events.pop_first().expect("it is there");
            at_once = if at == self.now { at_once + 1 } else { 0 };
            assert!(at_once < AT_ONCE, "nodes send each other messages without end: {event:?}");
            self.now = at;
            self.happen(event);
        }
        self.now = end;
    }

    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Start(machine) => self.start(machine),
            Event::Client => self.client(),
            Event::Trouble => self.trouble(),
            Event::Arrive(machine, process, id, request) => self.arrive(machine, process, id, &request),
            Event::Continue(machine) => {
                self.machines[machine].is_stopped = false;
                let inbox = std::mem::take(&mut self.machines[machine].inbox);
                inbox.into_iter().for_each(|event| self.happen(event));
            }
            Event::CoreBack(machine) => self.machines[machine].core_is_cut = false,
            Event::JetBack(machine) => {
                self.machines[machine].jet_is_cut = false;
                self.resync(machine);
            }
            Event::NatsBack => {
                self.nats.is_away = false;
                (0..self.machines.len()).for_each(|machine| self.resync(machine));
            }
            Event::Tick(machine, process)
            | Event::Letter(machine, process, _)
            | Event::Reply(machine, process, ..)
            | Event::Watch(machine, process, ..)
            | Event::Reconnected(machine, process, ..) => {
                if self.machines[machine].process != process {
                    return;
                }
                if self.machines[machine].is_stopped {
                    return self.machines[machine].inbox.push(event);
                }
                self.at_node(machine, event);
            }
        }
    }

    fn at_node(&mut self, machine: usize, event: Event) {
        if let Event::Watch(_, _, watch, _) | Event::Reconnected(_, _, watch, _) = event {
            let Machine { watch: last, jet_is_cut, .. } = &self.machines[machine];
            if *jet_is_cut || self.nats.is_away || watch != *last {
                return;
            }
        }
        if let Event::Tick(machine, process) = event {
            let delay = self.rng.u64(60..140) * MILLI;
            self.at(delay, Event::Tick(machine, process));
        }
        self.with(machine, |node, around| match event {
            Event::Tick(..) => node.tidy(around),
            Event::Letter(_, _, bytes) => node.receive(bytes, around),
            Event::Reply(_, _, id, reply) => node.reply(id, reply, around),
            Event::Watch(_, _, _, (sequence, number, record)) => node.watch(sequence, number, record, around),
            Event::Reconnected(_, _, _, last) => node.reconnected(last, around),
            other => unreachable!("{other:?} is not for a node"),
        });
    }

    /// Lets a node do something, and sends what it has to send.
    pub(super) fn with(&mut self, machine: usize, act: impl FnOnce(&mut Node, &mut Around<'_>)) {
        let Machine { node: Some(node), clock, .. } = &mut self.machines[machine] else { return };
        let now = clock.read(self.now);
        act(node, &mut Around { now, oracle: &mut self.oracle, nats: &self.nats, setting: &self.setting });
        let (out, is_over) = (std::mem::take(&mut node.out), node.is_over);
        for out in out {
            match out {
                Out::Letter(to, bytes) => self.send(machine, to, &bytes),
                Out::Request(id, request) => self.request(machine, id, &request),
            }
        }
        if is_over {
            let farewell = self.machines[machine].node.as_ref().and_then(Node::farewell);
            if let Some((number, publication)) = farewell {
                self.request(machine, 0, &Request::PublishNode(number, publication));
            }
            self.kill(machine);
        }
    }

    /// The process of a machine is over. Another one starts a little later.
    pub(super) fn kill(&mut self, machine: usize) {
        let Some(node) = self.machines[machine].node.take() else { return };
        if let Some(life) = node.lease.life() {
            self.oracle.ends(life);
        }
        self.machines[machine].process += 1;
        self.machines[machine].inbox.clear();
        self.machines[machine].is_stopped = false;
        let delay = self.rng.u64(50..3000) * MILLI;
        self.at(delay, Event::Start(machine));
    }

    fn start(&mut self, machine: usize) {
        let timing = self.setting.timing;
        let Machine { process, number, .. } = &mut self.machines[machine];
        *process += 1;
        let process = *process;
        // A number whose last life is over may be used again.
        let last = match self.nats.node(*number) {
            Some((sequence, NodeRecord::Gone { .. })) if self.rng.bool() => sequence,
            _ => {
                self.numbers += 1;
                *number = self.numbers;
                self.nats.node(*number).map_or(0, |(sequence, _)| sequence)
            }
        };
        let nonce = self.rng.u64(..);
        let lease = Lease::new(*number, last, nonce, timing);
        self.machines[machine].node = Some(Node::new(lease, timing, process << 32));
        self.at(0, Event::Tick(machine, process));
        self.resync(machine);
    }

    /// The watch of a node begins anew, with the last record of each number.
    fn resync(&mut self, machine: usize) {
        let Machine { node, process, watch, watched, jet_is_cut, .. } = &mut self.machines[machine];
        let Some(node) = node.as_mut().filter(|_| !*jet_is_cut && !self.nats.is_away) else { return };
        *watch += 1;
        let (process, watch) = (*process, *watch);
        node.neighbours.disconnected();
        *watched = (*watched).max(self.now + self.rng.u64(1..5) * MILLI);
        for record in self.nats.nodes.clone() {
            self.watch(machine, record);
        }
        let delay = self.machines[machine].watched - self.now;
        self.at(delay, Event::Reconnected(machine, process, watch, self.nats.last_node));
    }

    fn watch(&mut self, machine: usize, record: (u64, u16, NodeRecord)) {
        let late = if self.rng.u32(0..100) < 2 { self.rng.u64(0..800) * MILLI } else { self.rng.u64(0..3) * MILLI };
        let Machine { process, watch, watched, .. } = &mut self.machines[machine];
        *watched = (*watched).max(self.now + late);
        let (delay, event) = (*watched - self.now, Event::Watch(machine, *process, *watch, record));
        self.at(delay, event);
    }

    /// How long something takes on its way.
    fn way(&mut self) -> u64 {
        match self.rng.u32(0..200) {
            0 if self.troubles => self.rng.u64(0..4000) * MILLI,
            1..8 if self.troubles => self.rng.u64(0..400) * MILLI,
            _ => self.rng.u64(200..3000),
        }
    }

    fn send(&mut self, machine: usize, to: Life, bytes: &Bytes) {
        let is_it = |other: &Machine| other.node.as_ref().and_then(|node| node.lease.life()) == Some(to);
        let Some(target) = self.machines.iter().position(is_it) else { return };
        let process = self.machines[target].process;
        if target == machine {
            return self.at(0, Event::Letter(target, process, bytes.clone()));
        }
        let is_cut = self.nats.is_away || self.machines[machine].core_is_cut || self.machines[target].core_is_cut;
        let is_lost = if is_cut { self.rng.u32(0..100) < 80 } else { self.rng.u32(0..100) < self.loss };
        if is_lost {
            return;
        }
        let copies = if self.rng.u32(0..100) < 3 { 2 } else { 1 };
        for _ in 0..copies {
            let delay = self.way() + if is_cut { SECOND } else { 0 };
            self.at(delay, Event::Letter(target, process, bytes.clone()));
        }
    }

    fn request(&mut self, machine: usize, id: u64, request: &Request) {
        let process = self.machines[machine].process;
        self.at(SECOND, Event::Reply(machine, process, id, Reply::Nothing));
        let is_publication = matches!(request, Request::PublishNode(..) | Request::PublishRoom(..));
        let copies = if is_publication && self.rng.u32(0..100) < 3 { 2 } else { 1 };
        for _ in 0..copies {
            let delay = self.way();
            if self.rng.u32(0..300) >= self.loss {
                self.at(delay, Event::Arrive(machine, process, id, request.clone()));
            }
        }
    }

    fn arrive(&mut self, machine: usize, process: u64, id: u64, request: &Request) {
        if self.nats.is_away || (self.machines[machine].jet_is_cut && self.machines[machine].process == process) {
            // The client keeps what it could not send, or has lost it.
            if self.rng.bool() {
                let delay = self.rng.u64(100..3000) * MILLI;
                self.at(delay, Event::Arrive(machine, process, id, request.clone()));
            }
            return;
        }
        let before = if let Request::PublishRoom(room, _) = request { self.nats.room(*room).cloned() } else { None };
        let reply = self.nats.serve(request);
        match (request, &reply) {
            (Request::PublishNode(number, publication), Reply::Stored(sequence)) => {
                let record = (*sequence, *number, publication.record);
                (0..self.machines.len()).for_each(|machine| self.watch(machine, record));
            }
            (Request::PublishRoom(room, publication), Reply::Stored(sequence)) => {
                let before = before.as_ref().map(|(last, record)| (*last, record));
                self.oracle.stored(*room, *sequence, &publication.record, before);
            }
            _ => {}
        }
        if self.rng.u32(0..300) >= self.loss {
            let delay = self.way();
            self.at(delay, Event::Reply(machine, process, id, reply));
        }
    }

    fn client(&mut self) {
        if !self.troubles {
            return;
        }
        let delay = self.rng.u64(2..40) * MILLI;
        self.at(delay, Event::Client);
        let room = self.rng.usize(0..self.setting.writes_after.len());
        let here: Vec<_> = self.oracle.clients.iter().filter(|(_, client)| client.room == room && client.is_here).collect();
        let here: Vec<_> = here.into_iter().map(|(id, client)| (*id, client.edge)).collect();
        let machine = self.rng.usize(0..self.machines.len());
        if here.is_empty() || self.rng.u32(0..100) < 8 {
            self.clients += 1;
            let id = self.clients;
            if !self.machines[machine].is_stopped {
                self.with(machine, |node, around| {
                    if node.draining_since.is_none() {
                        node.join(room, id, around);
                    }
                });
            }
            return;
        }
        let (id, edge) = here[self.rng.usize(0..here.len())];
        let is_it = |other: &Machine| other.node.as_ref().and_then(Node::life) == Some(edge) && !other.is_stopped;
        let Some(machine) = self.machines.iter().position(is_it) else { return };
        let leaves = self.rng.u32(0..100) < 6;
        self.with(machine, |node, around| if leaves { node.leave(room, id, around) } else { node.message(room, id, around) });
    }

    /// The records of rooms that are empty and have never written are removed.
    pub(super) fn purge(&mut self) {
        for room in 0..self.setting.writes_after.len() {
            let records = self.nats.rooms.get(&room).cloned().unwrap_or_default();
            let Some((last, record)) = records.last().cloned() else { continue };
            let Ok(standing) = Standing::of(records) else { continue };
            if matches!(record.act, Act::Release { .. }) && standing.start == Start::New && !standing.is_durable {
                self.oracle.purged(room);
                self.nats.serve(&Request::Purge(room, last));
            }
        }
    }
}
