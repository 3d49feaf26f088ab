//! What an app can do with the clients of its room: the contract's `clients` and `control` interfaces.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use super::journal::Undo;
use super::staged::{Effect, Target};
use super::{AttachmentError, CloseError, Leaver, Member, Room, SendError, SendStatus, State};
use crate::protocol::{MAX_REASON, may_send};
use crate::types::{Client, ClientId, Message};

/// The most that can be attached to one client.
const MAX_ATTACHMENT_BYTES: usize = 16 << 10;

impl Room {
    /// Sends a message to one client. Messages to one client arrive in the order of the calls.
    pub fn send(&mut self, to: ClientId, message: impl Into<Message>) -> Result<SendStatus, SendError> {
        let message = message.into();
        self.send_payload(to, message.as_text().is_some(), message.as_bytes())
    }

    /// Sends a message to every member, the newcomer of `on_new_client` included. Members that are closing get nothing.
    pub fn broadcast(&mut self, message: impl Into<Message>) -> Result<(), SendError> {
        self.broadcast_except(message, &[])
    }

    /// Sends a message to every member but these.
    pub fn broadcast_except(&mut self, message: impl Into<Message>, except: &[ClientId]) -> Result<(), SendError> {
        let message = message.into();
        self.broadcast_payload(message.as_text().is_some(), message.as_bytes(), except.iter().copied())
    }

    /// Closes a connection after everything that was sent to it before. Its `on_client_left` runs after the
    /// present handler. Closing twice is no error.
    pub fn close(&mut self, id: ClientId, code: u16, reason: &str) -> Result<(), CloseError> {
        if !may_send(code) {
            return Err(CloseError::InvalidCode);
        }
        if reason.len() > MAX_REASON {
            return Err(CloseError::ReasonTooLong);
        }
        let state = self.state_mut();
        let member = state.members.get(&id).ok_or(CloseError::NoSuchClient)?;
        if let Some(line) = member.open_line() {
            member.set_closing(true);
            member.set_closed_by_app(true);
            state.journal.push(Undo::Closing(id));
            state.staged.push(Effect::Close { id, line, code, reason: ByteString::from(reason) });
        }
        Ok(())
    }

    /// A client's details: a member's, or the leaver's during its `on_client_left`.
    pub fn client(&self, id: ClientId) -> Option<&Client> {
        Some(&self.state().known(id)?.client)
    }

    /// The members, in the order in which they came.
    pub fn clients(&self) -> impl Iterator<Item = &Client> {
        self.members().map(|member| &member.client)
    }

    /// How many members there are.
    pub fn count(&self) -> usize {
        self.state().members.len()
    }

    /// How many bytes wait to be written to a client, those staged by this handler included.
    pub fn buffered_amount(&self, id: ClientId) -> Option<usize> {
        let state = self.state();
        Some(state.member(id)?.waiting_bytes())
    }

    /// What is attached to a client; empty when nothing is.
    pub fn attachment(&self, id: ClientId) -> Option<&Bytes> {
        static NOTHING: Bytes = Bytes::new();
        let state = self.state();
        let luggage = if state.members.contains_key(&id) { state.luggage.get(&id) } else { state.leaver(id)?.luggage.as_ref() };
        Some(luggage.map_or(&NOTHING, |luggage| &luggage.attachment))
    }

    /// Attaches up to 16 KiB to a client, in place of what was attached before. It survives a swap and a trap.
    pub fn set_attachment(&mut self, id: ClientId, data: impl Into<Bytes>) -> Result<(), AttachmentError> {
        let data = data.into();
        if data.len() > MAX_ATTACHMENT_BYTES {
            return Err(AttachmentError::TooBig);
        }
        let state = self.state_mut();
        if !state.members.contains_key(&id) {
            return Err(AttachmentError::NoSuchClient);
        }
        let luggage = state.luggage.entry(id).or_default();
        let before = std::mem::replace(&mut luggage.attachment, data);
        // What was set in between by the same handler never has to come back.
        if !std::mem::replace(&mut luggage.attachment_is_journalled, true) {
            state.journal.push(Undo::Attachment(id, before));
        }
        Ok(())
    }

    /// From now on, new clients are refused with HTTP status 503.
    pub fn deny_new_clients(&mut self) {
        self.admit(false);
    }

    /// Takes `deny_new_clients` back.
    pub fn allow_new_clients(&mut self) {
        self.admit(true);
    }

    fn admit(&mut self, admitting: bool) {
        let state = self.state_mut();
        // However often a handler changes its mind, one step leads back.
        let before = std::mem::replace(&mut state.admitting, admitting);
        state.admitting_before.get_or_insert(before);
    }

    /// Whether newcomers are let in.
    pub(crate) fn is_admitting(&self) -> bool {
        self.state().admitting
    }

    /// `send` for a payload that is borrowed, from the guest's memory say. `text` must be true only for UTF-8.
    pub(crate) fn send_payload(&mut self, to: ClientId, text: bool, payload: &[u8]) -> Result<SendStatus, SendError> {
        let state = self.state_mut();
        let member = state.members.get(&to).ok_or(SendError::NoSuchClient)?;
        let line = member.open_line().ok_or(SendError::Closing)?;
        state.fits(payload.len(), 0)?;
        let frame = state.staged.encode(text, payload);
        let over_soft = stage_for(member, frame.len(), state.limits.outbox_soft_bytes);
        let target = Target::One(to, line);
        state.staged.push(Effect::Send(target, frame));
        Ok(if over_soft { SendStatus::Backpressure } else { SendStatus::Queued })
    }

    /// `broadcast_except` for a payload that is borrowed.
    pub(crate) fn broadcast_payload(
        &mut self,
        text: bool,
        payload: &[u8],
        except: impl ExactSizeIterator<Item = ClientId>,
    ) -> Result<(), SendError> {
        let state = self.state_mut();
        state.fits(payload.len(), except.len() * size_of::<ClientId>())?;
        if !state.staged.may_reach(state.members.len()) {
            return Err(SendError::Limit);
        }
        let except = sorted(except);
        let frame = state.staged.encode(text, payload);
        for member in state.members.values() {
            if except.binary_search(&member.client.id).is_err() {
                stage_for(member, frame.len(), state.limits.outbox_soft_bytes);
            }
        }
        state.staged.push(Effect::Send(Target::AllBut(except), frame));
        Ok(())
    }

    /// `publish` for a payload that is borrowed.
    pub(crate) fn publish_payload(
        &mut self,
        topic: &str,
        text: bool,
        payload: &[u8],
        except: impl ExactSizeIterator<Item = ClientId>,
    ) -> Result<(), SendError> {
        let state = self.state_mut();
        state.fits(payload.len(), except.len() * size_of::<ClientId>())?;
        let except = sorted(except);
        let receivers: Box<[_]> = state
            .topics
            .subscribers(topic)
            .filter(|id| except.binary_search(id).is_err())
            .filter_map(|id| state.member(id))
            .filter_map(|member| Some((member.client.id, member.open_line()?)))
            .collect();
        if receivers.is_empty() {
            return Ok(());
        }
        if !state.staged.may_reach(receivers.len()) {
            return Err(SendError::Limit);
        }
        let frame = state.staged.encode(text, payload);
        for (id, _) in &receivers {
            if let Some(member) = state.member(*id) {
                stage_for(member, frame.len(), state.limits.outbox_soft_bytes);
            }
        }
        state.staged.push(Effect::Send(Target::Some(receivers), frame));
        Ok(())
    }
}

impl State {
    /// Whether a payload may be sent at all, and it and a list of clients still be staged.
    fn fits(&self, payload_bytes: usize, list_bytes: usize) -> Result<(), SendError> {
        if payload_bytes > self.limits.max_message_bytes {
            return Err(SendError::TooBig);
        }
        if self.staged.has_room_for(payload_bytes + list_bytes) { Ok(()) } else { Err(SendError::Limit) }
    }

    pub(super) fn member(&self, id: ClientId) -> Option<&Arc<Member>> {
        self.members.get(&id)
    }

    /// A member, or who is just leaving.
    fn known(&self, id: ClientId) -> Option<&Arc<Member>> {
        self.members.get(&id).or_else(|| Some(&self.leaver(id)?.member))
    }

    fn leaver(&self, id: ClientId) -> Option<&Leaver> {
        self.leaver.as_ref().filter(|leaver| leaver.member.client.id == id)
    }
}

/// Counts a frame that is staged for a client. Answers whether more than the soft limit waits for it now.
///
/// That is noted here, and not when the frame is queued: while the handler waits or yields, what waited before can be
/// written, and whoever was answered `backpressure` counts on an `on_drain`.
fn stage_for(member: &Member, bytes: usize, soft: usize) -> bool {
    member.add_waiting(bytes);
    let over = member.waiting_bytes() > soft;
    if over {
        member.note_over_soft();
    }
    over
}

/// The list in order, for looking it up once for each member: a guest may give a long one.
fn sorted(ids: impl Iterator<Item = ClientId>) -> Box<[ClientId]> {
    let mut ids: Box<[_]> = ids.collect();
    ids.sort_unstable();
    ids
}
