//! The messages between edges and owners.

use std::sync::Arc;

use ws_cluster::{Envelope, Letter, Life, Message};

use super::Part;

impl Part {
    /// Sends a message about a room: at once if it is for this node.
    pub(super) fn post(&self, room: &Arc<str>, letter: Letter) {
        let Some(from) = self.life.get() else { return };
        let Letter { to, epoch, session, message } = letter;
        if to == from {
            return self.take(from, room, epoch, session, message);
        }
        let envelope = Envelope { from, room: (&**room).into(), epoch, session, message };
        self.letters.borrow_mut().entry(to).or_default().push(envelope);
    }

    pub(super) fn receive(&self, envelope: Envelope) {
        let Envelope { from, room, epoch, session, message } = envelope;
        self.take(from, &Arc::from(&*room), epoch, session, message);
    }

    pub(super) fn take(&self, from: Life, room: &Arc<str>, epoch: u64, session: u64, message: Message) {
        let back = |message| Letter { to: from, epoch, session, message };
        if message.is_for_edge() {
            let edge = self.edges.borrow().get(room).cloned();
            match edge {
                Some(edge) if edge.edge().borrow().session() == session || message == Message::Call => {
                    edge.edge().borrow_mut().receive(from, epoch, session, message);
                    edge.note_due();
                }
                // The owner has not heard that this session is over.
                _ if matches!(message, Message::Outputs(_)) => self.post(room, back(Message::Bye)),
                Some(_) => {}
                None if message == Message::Call => self.post(room, back(Message::Nobody)),
                None => {}
            }
            return;
        }
        let is_attach = matches!(message, Message::Attach);
        let owned = self.owned.borrow().get(room).cloned();
        match owned {
            Some(owned) if owned.epoch() == epoch || (is_attach && epoch < owned.epoch()) => {
                let neighbours = Arc::clone(&self.neighbours.borrow());
                owned.receive(from, session, message, &neighbours);
            }
            Some(owned) if owned.epoch() > epoch => self.post(room, back(Message::NotOwner)),
            Some(_) => {}
            None => {
                self.post(room, back(Message::NotOwner));
                // The records may name this node, by a claim that was stored late.
                if is_attach {
                    self.node.find(room);
                }
            }
        }
    }
}
