//! The inputs of edges, as the room's loop gets them.

use std::sync::Arc;

use bytes::Bytes;
use ws_cluster::{Event as Kind, Life, Member as Seen, Neighbours};

use super::{AT_AN_EDGE, Owned, Survivor, readable};
use crate::bus::{Event, Sender};
use crate::cluster::Node;
use crate::cluster::mail::{Mail, Post};
use crate::room::{LineId, Member};
use crate::shard::cluster::carried::Carried;
use crate::shard::cluster::letters;
use crate::shard::cluster::told::{self, Asked, FromMember};
use crate::shard::cluster::wire::Malformed;
use crate::shard::input::{Input, Joined, What};
use crate::types::{ClientId, Message};

impl Owned {
    pub(super) fn survivor(&self, Seen { id, join, state }: &Seen) -> Option<Survivor> {
        let edge = self.owner.borrow().edge_of(*id)?;
        let carried = readable(Carried::decode(state))?;
        let member = self.member(edge, *id, &carried);
        if carried.is_unheard {
            member.blame();
        }
        let (attachment, topics) = (carried.attachment.into(), carried.topics);
        Some(Survivor { member, join: *join, attachment, topics })
    }

    pub(super) fn member(&self, edge: Life, id: u64, carried: &Carried) -> Arc<Member> {
        let line = if carried.is_away { LineId::away(AT_AN_EDGE.shard) } else { AT_AN_EDGE };
        let member = Arc::new(Member::new(carried.client(id), line).connected_at(carried.connected_unix));
        self.members.borrow_mut().insert(edge, Arc::clone(&member));
        member
    }

    /// An input that a handler is to have. `None` if it has changed something here, and that is all.
    pub(super) fn read(&self, asker: Option<Life>, event: Kind, id: u64, payload: Bytes) -> Result<Option<What>, Malformed> {
        let client = ClientId::new(id);
        match (event, asker) {
            (Kind::Joined, Some(edge)) => {
                let carried = Carried::decode(&payload)?;
                let member = self.member(edge, id, &carried);
                let (client, line, attachment) = (member.client.clone(), AT_AN_EDGE, carried.attachment.into());
                let joined = Joined { client, line, attachment, trace: None, is_unasked: carried.is_unasked };
                Ok(Some(What::Joined(Box::new(joined))))
            }
            (Kind::Message, _) => Ok(Some(match FromMember::decode(payload)? {
                FromMember::HasRead if self.members.borrow_mut().has_read(id) => What::Drained(client),
                FromMember::HasRead => return Ok(None),
                FromMember::Message(message) => What::Message(client, message),
                FromMember::LineLost => {
                    self.known(client).inspect(|member| member.set_line(LineId::away(AT_AN_EDGE.shard)));
                    What::LineLost(client)
                }
                FromMember::LineBack => {
                    self.known(client).inspect(|member| member.set_line(AT_AN_EDGE));
                    What::LineBack(client)
                }
            })),
            (Kind::Left, _) => {
                let edge = self.members.borrow().edge_of(id);
                self.step.borrow_mut().leaver = edge.map(|edge| (id, edge));
                self.members.borrow_mut().remove(id);
                Ok(Some(What::Left(client, told::decode_end(&payload))))
            }
            (Kind::Asked, Some(edge)) => self.asked(edge, Asked::decode(&payload)?),
            (Kind::Joined | Kind::Asked, None) => Ok(None),
        }
    }

    pub(super) fn asked(&self, edge: Life, asked: Asked) -> Result<Option<What>, Malformed> {
        let mut waiting = self.waiting.borrow_mut();
        Ok(match asked {
            Asked::Upgrade(number, request) => {
                Some(What::Upgrade(waiting.add_upgrade(edge, number), Box::new(request.into()), None))
            }
            Asked::Withdrawn => Some(What::Withdrawn),
            Asked::Request(number, request) => {
                Some(What::Request(waiting.add_plain(edge, number), Box::new(request.into()), None))
            }
            Asked::RequestDrained(number) => waiting.has_read(edge, number).map(What::RequestDrained),
            Asked::RequestGone(number) => waiting.find(edge, number).map(|id| {
                waiting.forget(id);
                What::RequestGone(id)
            }),
            Asked::Event(event) => Some(What::Event(self.event(event)?)),
            Asked::Mail(mail) => {
                let mail = Mail::decode(mail.into()).map_err(|_| Malformed)?;
                let (post, writes) = self.letters.borrow_mut().receive(Node::now(), mail);
                self.chain.add(&writes);
                post.map(|post| What::Event(self.posted(post)))
            }
        })
    }

    pub(super) fn posted(&self, Post { from, event, .. }: Post) -> Arc<Event> {
        let number = event.id;
        let bus = self.shard.bus();
        let (permit, to) = (bus.backlog("").take(event.payload.len()), self.task.shared_name());
        let (receiver, (sender, message)) = (bus.note_expected(&to), letters::content(event, from));
        let mut event = Event::new((sender, to), message, permit, receiver);
        event.number = number;
        Arc::new(event)
    }

    pub(super) fn event(&self, event: told::Event) -> Result<Arc<Event>, Malformed> {
        let from: Arc<str> = event.from.into();
        let bus = self.shard.bus();
        let permit = bus.backlog(&from).take(event.content.len());
        let to = self.task.shared_name();
        let receiver = bus.note_expected(&to);
        let message = match event.is_text {
            true => Message::text(String::from_utf8(event.content).map_err(|_| Malformed)?),
            false => Message::Binary(event.content.into()),
        };
        let sender = if event.is_from_outside { Sender::Api(from) } else { Sender::Room(from) };
        let mut event_ = Event::new((sender, to), message, permit, receiver);
        event_.number = event.number;
        Ok(Arc::new(event_))
    }

    /// A message of an edge for this owner.
    pub fn receive(&self, from: Life, session: u64, message: ws_cluster::Message, neighbours: &Neighbours) {
        let receipt = self.owner.borrow_mut().receive(Node::now(), from, session, message, neighbours);
        let (at, mailbox) = (self.shard.time(), &self.task.mailbox);
        let (members, requests) = (&self.members, &self.waiting);
        // In this order: the bytes of an output are always counted, at the edge or on their way.
        let (mut drained, mut read) = (Vec::new(), Vec::new());
        if let Some(waiting) = receipt.waiting {
            (drained, read) = (members.borrow_mut().report(from, &waiting), requests.borrow_mut().report(from, &waiting));
        }
        read.extend(requests.borrow_mut().arrived(from, &receipt.arrived));
        read.into_iter().for_each(|id| mailbox.push(Input { at, what: What::RequestDrained(id) }));
        drained.extend(members.borrow().arrived(from, &receipt.arrived));
        for member in drained {
            mailbox.push(Input { at, what: What::Drained(member.client.id) });
        }
        self.note_due();
    }

    /// The lives of edges have ended: nobody waits for the answers to their requests.
    pub fn forget_edges(&self, neighbours: &Neighbours) {
        let gone = self.waiting.borrow_mut().forget_edges(|edge| neighbours.is_gone(edge));
        for id in gone {
            self.task.mailbox.push(Input { at: self.shard.time(), what: What::RequestGone(id) });
        }
    }
}
