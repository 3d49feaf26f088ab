//! Messages of edges.

use super::{Link, Owner, Phase, Queued};
use crate::letter::Letter;
use crate::life::Life;
use crate::message::{Member, Message, Output};
use crate::neighbours::Neighbours;
use crate::timing::Time;

/// How far outputs have come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// Outputs that have arrived at the edge.
    pub arrived: Vec<Output>,
    /// The bytes that wait for members there, where they have crossed the soft limit: all of them, if the edge has told it.
    pub waiting: Option<Vec<(u64, u64)>>,
}

impl Owner {
    /// A message of an edge for this room and epoch. An edge that asks to attach need not know the epoch.
    ///
    /// Returns how far outputs have come.
    pub fn receive(&mut self, now: Time, from: Life, session: u64, message: Message, neighbours: &Neighbours) -> Receipt {
        // The room has been told, or will be, that the members of this life have left.
        if neighbours.is_gone(from) {
            self.tell(from, session, Message::Gone);
            return Receipt::default();
        }
        match message {
            Message::Attach if self.is_newer(from, session) => self.welcome(from, session),
            Message::Members { next, members } => self.attach(now, from, session, next, members),
            Message::Nobody => {
                if let Phase::Gathering { asked, .. } = &mut self.phase {
                    asked.remove(&from);
                }
            }
            message => return self.linked(now, from, session, message),
        }
        Receipt::default()
    }

    fn linked(&mut self, now: Time, from: Life, session: u64, message: Message) -> Receipt {
        let Some(link) = self.links.get_mut(&from).filter(|link| link.session == session) else { return Receipt::default() };
        match message {
            Message::Inputs { first, inputs } => {
                let is_full = self.queue.len() >= self.limits.inputs;
                for (number, input) in (first..).zip(inputs).filter(|_| !is_full) {
                    if number == link.arrived + 1 {
                        link.arrived = number;
                        self.queue.push_back(Queued::Input { edge: from, number, input });
                    }
                }
                // The edge may not have heard that these count.
                if first <= link.handled {
                    let message = Message::Handled(link.handled);
                    self.tell(from, session, message);
                }
            }
            Message::Received { batch, waiting } => {
                let waiting = (batch >= link.through()).then_some(waiting);
                return Receipt { arrived: link.confirmed(batch, now), waiting };
            }
            Message::Bye => {
                let has_members = self.members.values().any(|(edge, _)| *edge == from);
                if !has_members && link.arrived == link.handled {
                    self.links.remove(&from);
                }
            }
            _ => {}
        }
        Receipt::default()
    }

    /// An edge tells its members.
    fn attach(&mut self, now: Time, from: Life, session: u64, next: u64, members: Vec<Member>) {
        let handled = next.saturating_sub(1);
        if !self.is_newer(from, session) {
            // It has not heard that they have arrived.
            if let Some(link) = self.links.get(&from).filter(|link| link.session == session) {
                let message = Message::Handled(link.handled);
                self.tell(from, session, message);
            }
            return;
        }
        // The edge has not seen the last welcome.
        if self.marks.get(&from).is_some_and(|mark| *mark > handled) {
            return;
        }
        self.marks.insert(from, handled);
        // The session before had no members left.
        let forgotten = self.members.values().filter(|(edge, _)| *edge == from);
        let forgotten: Vec<_> = forgotten.map(|(_, member)| Queued::Left { member: member.id }).collect();
        self.queue.extend(forgotten);
        let mut link = Link::new(session, handled, now);
        if let Phase::Gathering { asked, .. } = &mut self.phase {
            asked.remove(&from);
            self.members.extend(members.into_iter().map(|member| (member.id, (from, member))));
        } else if !members.is_empty() {
            // The room has started without them.
            let message = link.cut(now);
            self.tell(from, session, message);
        }
        self.links.insert(from, link);
    }

    pub(super) fn tell(&mut self, to: Life, session: u64, message: Message) {
        self.letters.push(Letter { to, epoch: self.epoch, session, message });
    }

    fn is_newer(&self, from: Life, session: u64) -> bool {
        self.links.get(&from).is_none_or(|link| link.session < session)
    }
}
