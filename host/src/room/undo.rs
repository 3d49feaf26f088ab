//! How one change of the room's tables is undone, or becomes final.

use std::sync::Arc;

use bytes::Bytes;

use super::State;
use super::asked::Asked;
use super::fetches::Fetch;
use super::store::Unwrite;
use super::timers::Timer;
use crate::types::ClientId;

/// How to undo one change.
#[derive(Debug)]
pub(super) enum Undo {
    Attachment(ClientId, Bytes),
    Subscribed(ClientId, Arc<str>),
    Unsubscribed(ClientId, Arc<str>),
    TimerSet(u64),
    TimerCancelled(u64, Timer),
    /// A durable timer was taken off, because its handler runs.
    TimerRan(u64, Timer),
    /// A request to an HTTP server was made.
    Fetched(u64),
    /// The journal was to forget an answered request.
    Answered(u64),
    /// A request was given up.
    FetchCancelled(u64, Fetch),
    /// A stored message of this room was to be taken off.
    Received(Arc<str>, u64),
    /// The answer to a plain HTTP request was complete.
    Responded(u64, Asked),
    /// The answer to one was begun.
    RespondBegun(u64),
    Closing(ClientId),
    /// Boxed, since it is larger than the others.
    Write(Box<Unwrite>),
}

impl State {
    /// Makes a change final.
    pub(super) fn settle(&mut self, change: &Undo) {
        match change {
            Undo::Attachment(id, _) => {
                if let Some(data) = self.client_data.get_mut(id) {
                    data.attachment_is_logged = false;
                }
            }
            Undo::TimerSet(id) => self.timers.settle(*id),
            _ => {}
        }
        if let Undo::Attachment(id, _) | Undo::Subscribed(id, _) | Undo::Unsubscribed(id, _) | Undo::Closing(id) = change {
            self.note_changed(*id);
        }
    }

    /// Notes that a member has changed, where that is asked for.
    pub(super) fn note_changed(&mut self, id: ClientId) {
        if let Some(changed) = &mut self.changed {
            changed.push(id);
        }
    }

    /// Undoes a change.
    pub(super) fn undo(&mut self, change: Undo) {
        match change {
            Undo::Attachment(id, before) => {
                if let Some(data) = self.client_data.get_mut(&id) {
                    data.attachment_is_logged = false;
                    data.attachment = before;
                }
            }
            Undo::Subscribed(id, topic) => self.unsubscribe(id, &topic),
            Undo::Unsubscribed(id, topic) => self.subscribe(id, &topic),
            Undo::TimerSet(id) => {
                self.timers.cancel(id);
            }
            Undo::TimerCancelled(id, timer) => self.timers.restore(id, timer),
            Undo::Fetched(id) => self.fetches.end(id),
            // The handler has failed on the answer, and does not get it again.
            Undo::Answered(id) => self.fetches.ended.push(id),
            // The same holds for a message.
            Undo::Received(from, id) => self.sending.had.push((from, id)),
            Undo::FetchCancelled(id, fetch) => self.fetches.restore(id, fetch),
            Undo::Responded(id, asked) => self.asked.restore(id, asked),
            Undo::RespondBegun(id) => self.asked.set_begun(id, false),
            Undo::TimerRan(id, timer) => self.put_back(id, timer),
            Undo::Closing(id) => {
                if let Some(member) = self.members.get(&id) {
                    member.set_closed_by_app(false);
                }
            }
            Undo::Write(unwrite) => self.contents.undo_write(*unwrite),
        }
    }
}
