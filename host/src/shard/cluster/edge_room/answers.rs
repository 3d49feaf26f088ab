//! The answers to plain HTTP requests of clients of this node.

use ws_cluster::Edge;

use super::EdgeRoom;
use crate::requests::Answering;
use crate::shard::cluster::given::Part;
use crate::shard::cluster::staged::OF_REQUEST;
use crate::shard::cluster::told::Asked;
use crate::types::CloseInfo;

impl EdgeRoom {
    pub(super) fn respond(&self, id: u64, part: Part) {
        let Some(way) = self.ways.borrow().get(&id).cloned() else { return };
        let is_last = !matches!(part, Part::Begin(_) | Part::Chunk(..));
        match part {
            Part::Whole(head, body) => {
                if let Ok(head) = head.try_into() {
                    way.respond(head, body.into());
                }
            }
            Part::Begin(head) => {
                if let Ok(head) = head.try_into() {
                    way.begin(head);
                }
            }
            Part::Chunk(chunk) => self.push(id, &way, &chunk),
            Part::End => way.end(),
            Part::Abort => way.abort(),
            Part::Refused(refused) => way.refuse(refused.into()),
            Part::Passed => way.pass(),
        }
        if is_last {
            self.ways.borrow_mut().remove(&id);
            self.note_read(&mut self.edge.borrow_mut(), id);
        }
    }

    /// The client of a request has read all that waited for it.
    pub(super) fn drained(&self, edge: &mut Edge, id: u64) {
        let way = self.ways.borrow().get(&id).cloned();
        let waits_again = way.filter(|way| way.waiting() > self.shard.limits().outbox_soft_bytes);
        if let Some(way) = waits_again {
            // Nothing more: the way tells again when all is read.
            way.push(&[], true, usize::MAX);
        } else if self.note_read(edge, id) {
            edge.ask(Asked::RequestDrained(id).encode());
        }
    }

    /// The client of a request has gone, or has its answer.
    pub(super) fn gone(&self, edge: &mut Edge, id: u64) {
        self.note_read(edge, id);
        if self.ways.borrow_mut().remove(&id).is_some() {
            edge.ask(Asked::RequestGone(id).encode());
        }
    }

    /// The owner is another one, and knows no requests of before.
    pub(super) fn forget_requests(&self) {
        // Dropped, an answer that has begun is cut, and the others are refused.
        drop(self.ways.take());
        let requests: Vec<u64> = self.over_soft.borrow_mut().extract_if(|id| id & OF_REQUEST != 0).collect();
        requests.into_iter().for_each(|id| self.edge.borrow_mut().waits(id, 0));
    }

    /// Nothing waits for the client of a request any more. Returns whether the owner knows of more than the soft limit.
    fn note_read(&self, edge: &mut Edge, id: u64) -> bool {
        let was_over = self.over_soft.borrow_mut().remove(&(OF_REQUEST | id));
        if was_over {
            edge.waits(OF_REQUEST | id, 0);
        }
        was_over
    }

    fn push(&self, id: u64, way: &Answering, chunk: &[u8]) {
        way.stage(chunk.len());
        let waiting = way.waiting();
        let is_over = waiting > self.shard.limits().outbox_soft_bytes && self.over_soft.borrow_mut().insert(OF_REQUEST | id);
        if is_over {
            self.edge.borrow_mut().waits(OF_REQUEST | id, waiting as u64);
        }
        way.push(chunk, is_over, self.shard.limits().outbox_hard_bytes);
    }

    /// Outputs of the owner are lost. The members are closed, and so are the requests.
    pub fn cut(&self, members: &[u64]) {
        members.iter().for_each(|id| self.close(*id, &CloseInfo::reads_too_slowly()));
        for (id, way) in self.ways.take() {
            // Dropped, an answer that has begun is cut, and another one is refused.
            drop(way);
            let mut edge = self.edge.borrow_mut();
            self.note_read(&mut edge, id);
            edge.ask(Asked::RequestGone(id).encode());
        }
        self.note_due();
    }
}
