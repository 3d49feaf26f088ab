//! The rooms of a node: it calls their handlers, and serves their clients.

use bytes::Bytes;

use super::app::Answer;
use super::nats::Request;
use super::node::{Around, Node, Purpose, Serving};
use crate::{Effect, Output, Stop, Time, Told, Turn};

impl Node {
    pub(super) fn serve(&mut self, room: usize, around: &mut Around<'_>) {
        let Some(life) = self.lease.life() else { return };
        let (is_held, release) = (self.lease.is_held(around.now), self.release);
        let Some(Serving { owner, app, turns }) = &mut self.place(room).serving else { return };
        let epoch = owner.epoch();
        around.oracle.seen.count("pauses", usize::from(!is_held));
        while let Some(told) = owner.take(is_held) {
            let turn = match told {
                Told::Start { start, data, survivors } => {
                    app.start(data, &survivors, owner.is_durable());
                    around.oracle.started(room, start, owner.is_durable(), &survivors, around.nats);
                    Turn::default()
                }
                Told::Input(input) => {
                    let (turn, receivers) = app.handle(&input, owner);
                    around.oracle.gives(room, epoch, app.turn, &receivers);
                    around.oracle.handled(room, epoch, &input, app.is_durable, around.nats.epoch(room));
                    turn
                }
            };
            *turns += 1;
            owner.commit(turn);
            if *turns > 20 && app.is_durable {
                *turns = 0;
                owner.commit_whole(app.state());
            }
        }
        let publication = owner.publication(release);
        let letters = owner.poll(around.now);
        let (stopped, is_released, whole) = (owner.stopped(), owner.is_released(), owner.purgeable());
        if let Some(publication) = publication {
            self.ask(Purpose::Journal(room, epoch), Request::PublishRoom(room, publication));
        }
        if let Some(through) = whole {
            self.ask(Purpose::Purge, Request::Purge(room, through));
        }
        letters.into_iter().for_each(|letter| self.letter(room, letter));
        if let Some(edge) = self.place(room).edge.as_mut().filter(|_| stopped.is_none() && !is_released) {
            edge.found_here(life, epoch);
        }
        if stopped.is_some() || is_released {
            around.oracle.seen.count("restored", usize::from(stopped == Some(Stop::Restored)));
            let serving = self.place(room).serving.take();
            let goodbye = serving.map(|serving| serving.owner.goodbye()).unwrap_or_default();
            goodbye.into_iter().for_each(|letter| self.letter(room, letter));
        }
    }

    pub(super) fn poll_edge(&mut self, room: usize, around: &mut Around<'_>) {
        let life = self.lease.life();
        let Some(edge) = &mut self.place(room).edge else { return };
        let letters = edge.poll(around.now);
        let (effects, epoch) = (edge.effects(), edge.epoch());
        letters.into_iter().for_each(|letter| self.letter(room, letter));
        for effect in effects {
            match effect {
                Effect::Find => self.find(room),
                Effect::Deliver(outputs) => self.deliver(room, &outputs, around),
                Effect::Close(ids) => {
                    for id in ids {
                        around.oracle.cut(id);
                        around.oracle.clients.get_mut(&id).expect("it has joined").is_here = false;
                        self.place(room).edge.as_mut().expect("it has just had effects").leave(id, Bytes::new());
                    }
                }
                Effect::Dropped(inputs) => around.oracle.dropped(room, epoch, &inputs),
                Effect::Gone | Effect::Restored => {
                    assert!(effect == Effect::Gone || around.oracle.was_restored, "no record is lost, and {life:?} has more");
                    around.oracle.seen.count("restored", usize::from(effect == Effect::Restored));
                    self.is_over = true;
                }
            }
        }
    }

    fn deliver(&mut self, room: usize, outputs: &[Output], around: &mut Around<'_>) {
        let edge = self.place(room).edge.as_ref().expect("it has just had effects");
        for output in outputs {
            for id in output.to.iter().filter(|id| edge.is_present(**id)) {
                around.oracle.delivered(*id, Answer::read(output.payload.clone()));
            }
        }
    }

    /// Once in a while: rooms and edges that nobody uses are given up.
    pub(super) fn tidy(&mut self, around: &mut Around<'_>) {
        for room in self.rooms.keys().copied().collect::<Vec<_>>() {
            let place = self.rooms.entry(room).or_default();
            if let Some(edge) = place.edge.take_if(|edge| edge.is_idle()) {
                let bye = edge.bye();
                bye.into_iter().for_each(|letter| self.letter(room, letter));
                let place = self.rooms.entry(room).or_default();
                place.sessions = place.sessions.max(edge.last_input());
            }
            let place = self.rooms.entry(room).or_default();
            let Some(Serving { owner, app, .. }) = &mut place.serving else { continue };
            if owner.is_idle() {
                let since = *place.idle_since.get_or_insert(around.now);
                if around.now >= since + Time::from_secs(1) {
                    owner.drain();
                }
            } else {
                place.idle_since = None;
            }
            if owner.is_drained() && self.draining_since.is_none() {
                owner.release(Some(app.state()));
            }
        }
        self.poll(around);
    }

    /// Hands all rooms over, then closes the clients, then ends.
    pub(super) fn drain(&mut self, around: &mut Around<'_>) {
        let is_late = self.draining_since.is_some_and(|since| around.now >= since + Time::from_secs(3));
        let mut has_rooms = false;
        for (room, place) in &mut self.rooms {
            has_rooms |= place.won.is_some() || place.claim.is_some();
            let Some(Serving { owner, app, .. }) = &mut place.serving else { continue };
            has_rooms = true;
            owner.drain();
            if owner.is_drained() && !owner.is_releasing() {
                let lives = |id: &u64| owner.edge_of(*id).is_some_and(|edge| !self.neighbours.is_gone(edge));
                let members: Vec<_> = owner.members().map(|member| member.id).filter(lives).collect();
                around.oracle.hands_over(*room, owner.epoch(), &members);
            }
            if owner.is_drained() || is_late {
                owner.release(Some(app.state()));
            }
        }
        if has_rooms && !is_late {
            return;
        }
        let mut has_clients = false;
        for edge in self.rooms.values_mut().filter_map(|place| place.edge.as_mut()) {
            for id in edge.present().collect::<Vec<_>>() {
                edge.leave(id, Bytes::new());
                around.oracle.clients.get_mut(&id).expect("it has joined").is_here = false;
            }
            has_clients |= !edge.is_idle();
        }
        let is_overdue = self.draining_since.is_some_and(|since| around.now >= since + Time::from_secs(6));
        self.is_over = (!has_rooms && !has_clients) || is_overdue;
    }
}
