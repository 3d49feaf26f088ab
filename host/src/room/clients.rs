//! An app's access to the clients of its room: the contract's `clients` interface.

use std::sync::Arc;

use bytes::Bytes;

use super::effect::{Effect, Target};
use super::undo::Undo;
use super::{AttachmentError, CloseError, Leaver, Member, Room, SendError, SendStatus, State};
use crate::protocol::{MAX_REASON, may_send};
use crate::types::{Client, ClientId, CloseInfo, Message};

/// The largest attachment of one client.
pub(crate) const MAX_ATTACHMENT_BYTES: usize = 16 << 10;

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

    /// Sends a message to every member except these.
    pub fn broadcast_except(&mut self, message: impl Into<Message>, except: &[ClientId]) -> Result<(), SendError> {
        let message = message.into();
        self.broadcast_payload(message.as_text().is_some(), message.as_bytes(), except.iter().copied())
    }

    /// Closes a client's connection, after everything that was sent to the client before. Its `on_client_left` runs after the present
    /// handler. Closing twice is no error.
    pub fn close(&mut self, id: ClientId, code: u16, reason: &str) -> Result<(), CloseError> {
        if !may_send(code) {
            return Err(CloseError::InvalidCode);
        }
        if reason.len() > MAX_REASON {
            return Err(CloseError::ReasonTooLong);
        }
        let state = self.state_mut();
        let member = state.members.get(&id).ok_or(CloseError::NoSuchClient)?;
        let line = member.open_line();
        // Also without a line: messages of the client may still wait for the room.
        if !member.set_closed_by_app(true) {
            state.turn.undo_log.push(Undo::Closing(id));
        }
        if let Some(line) = line {
            state.turn.push(Effect::Close { id, line, info: CloseInfo::guest(code, reason) });
        }
        Ok(())
    }

    /// A client's details: a member's, or the leaver's during its `on_client_left`.
    pub fn client(&self, id: ClientId) -> Option<&Client> {
        Some(&self.state().known(id)?.client)
    }

    /// The members, in the order in which they joined.
    pub fn clients(&self) -> impl Iterator<Item = &Client> {
        let state = self.state();
        state.in_join_order(state.members.values(), |member| member.join_number()).map(|member| &member.client)
    }

    /// How many members there are.
    pub fn count(&self) -> usize {
        self.state().members.len()
    }

    /// The members with this user, in the order in which they joined.
    pub fn of_user(&self, user: &str) -> impl Iterator<Item = ClientId> {
        let state = self.state();
        state.in_join_order(state.users.of(user), |id| state.member(*id).map_or(0, |member| member.join_number()))
    }

    /// Whether a client has a connection over which messages reach it now. One whose session outlives its connection has none while it is away.
    pub fn is_online(&self, id: ClientId) -> Option<bool> {
        Some(self.state().member(id)?.is_online())
    }

    /// How many bytes wait to be written to a client, those staged by this handler included.
    pub fn buffered_amount(&self, id: ClientId) -> Option<usize> {
        let state = self.state();
        Some(state.member(id)?.waiting_bytes())
    }

    /// The attachment of a client, or empty bytes without one.
    pub fn attachment(&self, id: ClientId) -> Option<&Bytes> {
        static NOTHING: Bytes = Bytes::new();
        let state = self.state();
        let client_data =
            if state.members.contains_key(&id) { state.client_data.get(&id) } else { state.leaver(id)?.client_data.as_ref() };
        Some(client_data.map_or(&NOTHING, |client_data| &client_data.attachment))
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
        let client_data = state.client_data.entry(id).or_default();
        let before = std::mem::replace(&mut client_data.attachment, data);
        // Values that the same handler has set in between are never restored.
        if !std::mem::replace(&mut client_data.attachment_is_logged, true) {
            state.turn.undo_log.push(Undo::Attachment(id, before));
        }
        Ok(())
    }

    /// `send` for a borrowed payload, such as one in the guest's memory. `text` must be true only for UTF-8.
    pub(crate) fn send_payload(&mut self, to: ClientId, text: bool, payload: &[u8]) -> Result<SendStatus, SendError> {
        let state = self.state_mut();
        let member = state.members.get(&to).ok_or(SendError::NoSuchClient)?;
        let line = member.open_line().ok_or(SendError::Closing)?;
        state.fits(payload.len(), 0)?;
        let frame = state.turn.encode(text, payload);
        let over_soft = stage_for(member, frame.len(), state.limits.outbox_soft_bytes);
        state.turn.push(Effect::Send(Target::One { id: to, line, over_soft }, frame));
        Ok(if over_soft { SendStatus::Backpressure } else { SendStatus::Queued })
    }

    /// Sends a message of the owner's to these clients, in the order of their ids. Those that have not joined yet get it too.
    pub(crate) fn send_to_all(&mut self, clients: &[Arc<Member>], message: &Message) -> Result<(), SendError> {
        let state = self.state_mut();
        let receivers: Box<[_]> = clients.iter().filter_map(|member| Some((member.client.id, member.open_line()?))).collect();
        if receivers.is_empty() {
            return Ok(());
        }
        state.fits(message.as_bytes().len(), 0)?;
        if !state.turn.may_reach(receivers.len()) {
            return Err(SendError::Limit);
        }
        let frame = state.turn.encode(message.as_text().is_some(), message.as_bytes());
        let members = clients.iter().filter(|member| member.open_line().is_some());
        let over_soft = stage_for_all(members, frame.len(), state.limits.outbox_soft_bytes);
        state.turn.push(Effect::Send(Target::Some { receivers, over_soft }, frame));
        Ok(())
    }

    /// `broadcast_except` for a borrowed payload.
    pub(crate) fn broadcast_payload(
        &mut self,
        text: bool,
        payload: &[u8],
        except: impl ExactSizeIterator<Item = ClientId>,
    ) -> Result<(), SendError> {
        let state = self.state_mut();
        state.fits(payload.len(), except.len() * size_of::<ClientId>())?;
        if !state.turn.may_reach(state.members.len()) {
            return Err(SendError::Limit);
        }
        let except = sorted(except);
        let frame = state.turn.encode(text, payload);
        let members = state.members.values().filter(|member| except.binary_search(&member.client.id).is_err());
        let over_soft = stage_for_all(members, frame.len(), state.limits.outbox_soft_bytes);
        state.turn.push(Effect::Send(Target::Members { except, joined_by: state.joined, over_soft }, frame));
        Ok(())
    }

    /// `publish` for a borrowed payload.
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
            .of(topic)
            .filter(|id| except.binary_search(id).is_err())
            .filter_map(|id| state.member(id))
            .filter_map(|member| Some((member.client.id, member.open_line()?)))
            .collect();
        if receivers.is_empty() {
            return Ok(());
        }
        if !state.turn.may_reach(receivers.len()) {
            return Err(SendError::Limit);
        }
        let frame = state.turn.encode(text, payload);
        let members = receivers.iter().filter_map(|(id, _)| state.member(*id));
        let over_soft = stage_for_all(members, frame.len(), state.limits.outbox_soft_bytes);
        state.turn.push(Effect::Send(Target::Some { receivers, over_soft }, frame));
        Ok(())
    }
}

impl State {
    /// Checks that a payload may be sent at all, and that it fits into this turn with a list of clients.
    fn fits(&self, payload_bytes: usize, list_bytes: usize) -> Result<(), SendError> {
        if payload_bytes > self.limits.max_message_bytes {
            return Err(SendError::TooBig);
        }
        if self.turn.has_room_for(payload_bytes + list_bytes) { Ok(()) } else { Err(SendError::Limit) }
    }

    pub(super) fn member(&self, id: ClientId) -> Option<&Arc<Member>> {
        self.members.get(&id)
    }

    /// A member, or the client that is leaving.
    pub(super) fn known(&self, id: ClientId) -> Option<&Arc<Member>> {
        self.members.get(&id).or_else(|| Some(&self.leaver(id)?.member))
    }

    /// Members that come in the order of their ids, in the order of their join numbers. The ids of each node of a cluster grow, so these are a
    /// few sorted runs, which a stable sort merges.
    fn in_join_order<T>(&self, by_id: impl Iterator<Item = T>, join_number: impl Fn(&T) -> u64) -> impl Iterator<Item = T> {
        let (by_id, sorted) = if self.joined_by_id {
            (Some(by_id), None)
        } else {
            let mut members: Vec<_> = by_id.collect();
            members.sort_by_key(join_number);
            (None, Some(members))
        };
        by_id.into_iter().flatten().chain(sorted.into_iter().flatten())
    }

    fn leaver(&self, id: ClientId) -> Option<&Leaver> {
        self.leaver.as_ref().filter(|leaver| leaver.member.client.id == id)
    }
}

/// Counts a frame that is staged for a member. Returns whether more than the soft limit waits for it now: then the commit of the turn
/// owes it an `on_drain`.
///
/// The commit could miss that itself: while a handler is suspended, older bytes may be written.
fn stage_for(member: &Member, bytes: usize, soft: usize) -> bool {
    member.add_waiting(bytes);
    member.waiting_bytes() > soft
}

/// The same for several members, in the order of their ids. Returns those that are over the soft limit.
fn stage_for_all<'a>(members: impl Iterator<Item = &'a Arc<Member>>, bytes: usize, soft: usize) -> Box<[ClientId]> {
    members.filter(|member| stage_for(member, bytes, soft)).map(|member| member.client.id).collect()
}

/// Sorts a list of ids, which is looked up once for each member: a guest may give a long one.
fn sorted(ids: impl Iterator<Item = ClientId>) -> Box<[ClientId]> {
    let mut ids: Box<[_]> = ids.collect();
    ids.sort_unstable();
    ids
}
