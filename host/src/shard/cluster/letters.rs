//! The messages of an owned room to other rooms, and theirs to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use ws_cluster::{Time, Timing};

use crate::bus::{Event, Sender};
use crate::cluster::mail::{Incoming, Mail, Outgoing, Post, Receipt, Verdict};
use crate::cluster::state::RoomState;
use crate::store::{StoredEvent, Write};
use crate::types::Message;

/// Both sides of a room's messages. They go through the edges of the receivers.
#[derive(Debug)]
pub struct Letters {
    incoming: Incoming,
    outgoing: Outgoing,
    /// Messages that count for this room's backlog, until a receipt comes.
    counted: BTreeMap<u64, Arc<Event>>,
    /// Receipts that wait for the turn of this number.
    receipts: VecDeque<(u64, Vec<Receipt>)>,
    /// Receipts to send.
    due: Vec<Receipt>,
}

impl Letters {
    /// An owner begins, with what its room's records have.
    pub fn new(room: &Arc<str>, state: &RoomState) -> Self {
        let outgoing = Outgoing::new(Arc::clone(room), Timing::default().resend, state.pending_events().cloned());
        Self {
            incoming: Incoming::new(Arc::clone(room), state.marks().clone()),
            outgoing,
            counted: BTreeMap::new(),
            receipts: VecDeque::new(),
            due: Vec::new(),
        }
    }

    /// The turn with this message is visible.
    pub fn push(&mut self, event: &Arc<Event>) {
        let (is_text, payload) = match &event.message {
            Message::Text(text) => (true, text.as_bytes().clone()),
            Message::Binary(payload) => (false, payload.clone()),
        };
        self.outgoing.push(StoredEvent { id: event.number, to: Arc::clone(&event.to), is_text, payload });
        if event.number > 0 {
            self.counted.insert(event.number, Arc::clone(event));
        }
    }

    /// Mail has come: a message for the room's handler, or writes that take messages off the room's records.
    pub fn receive(&mut self, now: Time, mail: Mail) -> (Option<Post>, Vec<Write>) {
        match mail {
            Mail::Post(post) => match self.incoming.receive(&post) {
                Verdict::Take => (Some(post), Vec::new()),
                Verdict::Handled(receipt) => {
                    self.due.push(receipt);
                    (None, Vec::new())
                }
                Verdict::Waits | Verdict::Gap => (None, Vec::new()),
            },
            Mail::Receipt(receipt) => {
                let writes = self.outgoing.handled(now, &receipt);
                for write in &writes {
                    if let Write::DropEvent { id, .. } = write {
                        self.counted.remove(id);
                    }
                }
                (None, writes)
            }
        }
    }

    /// The receipts that follow when a turn with these writes is stored.
    pub fn receipts(&self, writes: &[Write]) -> Vec<Receipt> {
        self.incoming.receipts(writes)
    }

    /// These receipts wait for the turn of this number.
    pub fn wait(&mut self, turn: u64, receipts: Vec<Receipt>) {
        self.receipts.push_back((turn, receipts));
    }

    /// Turns up to this number are visible.
    pub fn note_shown(&mut self, shown: u64) {
        while let Some((_, receipts)) = self.receipts.pop_front_if(|(turn, _)| *turn <= shown) {
            receipts.iter().for_each(|receipt| self.incoming.stored(receipt));
            self.due.extend(receipts);
        }
    }

    /// The mail to send now, each with the room that it is for.
    pub fn poll(&mut self, now: Time) -> Vec<(Arc<str>, Bytes)> {
        let posts = self.outgoing.poll(now).into_iter().map(Mail::Post);
        let mail = posts.chain(self.due.drain(..).map(Mail::Receipt));
        mail.map(|mail| (Arc::clone(mail.room()), mail.encode())).collect()
    }

    /// Whether nothing waits.
    pub fn are_done(&self) -> bool {
        self.outgoing.is_empty() && self.due.is_empty()
    }
}

/// The sender and the content of a message, as a handler gets them.
pub fn content(StoredEvent { is_text, payload, .. }: StoredEvent, from: Arc<str>) -> (Sender, Message) {
    let text = is_text.then(|| payload.clone().try_into().ok()).flatten();
    (Sender::Room(from), text.map_or(Message::Binary(payload), Message::Text))
}
