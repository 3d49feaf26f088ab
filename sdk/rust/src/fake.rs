//! The host's functions outside a component: a room of this thread, whose clients are the test's.

pub(crate) mod replies;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::bindings::app::ws_host::server::types::{Client, ClientId};
use crate::message::Message;

/// A room, its clients, and everything that the app has done to them.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) members: BTreeMap<ClientId, Client>,
    /// The client that is leaving. Its details are still known.
    pub(crate) leaver: Option<Client>,
    /// The messages that a client has not heard yet.
    pub(crate) heard: BTreeMap<ClientId, Vec<Message>>,
    /// Those that have no line.
    pub(crate) away: BTreeSet<ClientId>,
    /// Those that the app has closed, with code and reason.
    pub(crate) closed: BTreeMap<ClientId, (u16, String)>,
    attachments: BTreeMap<ClientId, Vec<u8>>,
    pub(crate) topics: BTreeMap<String, BTreeSet<ClientId>>,
    pub(crate) timers: BTreeMap<u64, Timer>,
    pub(crate) now: Duration,
    pub(crate) is_denying: bool,
    store: BTreeMap<String, Vec<u8>>,
    /// The requests that have no answer yet, by id, with their contexts.
    pub(crate) asked: BTreeMap<u64, (http::Asked, Vec<u8>)>,
    /// The name of the room. Without one it is `/`.
    pub(crate) name: Option<String>,
    /// The messages to other rooms that the test has not looked at.
    pub(crate) sent: Vec<(String, Message)>,
    /// The rooms that do not exist.
    pub(crate) missing: BTreeSet<String>,
    last_request: u64,
    /// The plain requests of the test's clients, by id.
    pub(crate) callers: BTreeMap<u64, replies::Caller>,
    pub(crate) last_caller: u64,
    last_timer: u64,
}

/// A timer that is set.
#[derive(Clone)]
pub(crate) struct Timer {
    pub(crate) due: Duration,
    pub(crate) every: Option<Duration>,
    pub(crate) payload: Vec<u8>,
}

thread_local! {
    static ROOM: RefCell<State> = RefCell::default();
}

/// Acts on this thread's room.
pub(crate) fn with<R>(act: impl FnOnce(&mut State) -> R) -> R {
    ROOM.with_borrow_mut(act)
}

/// The same, unless the thread ends and the room is gone: for futures that are dropped then.
pub(crate) fn with_what_is_left(act: impl FnOnce(&mut State)) {
    ROOM.try_with(|room| act(&mut room.borrow_mut())).ok();
}

impl State {
    /// Gives a message to those of these clients that are members, not closing and not excepted.
    fn give(&mut self, to: impl Iterator<Item = ClientId>, message: &Message, except: &[ClientId]) {
        for id in to.filter(|id| self.members.contains_key(id) && !self.closed.contains_key(id) && !except.contains(id)) {
            self.heard.entry(id).or_default().push(message.clone());
        }
    }

    fn knows(&self, id: ClientId) -> Option<&Client> {
        self.members.get(&id).or_else(|| self.leaver.as_ref().filter(|leaver| leaver.id == id))
    }
}

/// The interface `clients`.
pub(crate) mod clients {
    use super::with;
    use crate::bindings::app::ws_host::server::clients::{AttachmentError, CloseError};
    use crate::bindings::app::ws_host::server::types::{Client, ClientId, MessageParam, SendError, SendStatus};

    pub(crate) fn send(to: ClientId, message: MessageParam<'_>) -> Result<SendStatus, SendError> {
        with(|room| {
            if !room.members.contains_key(&to) {
                return Err(SendError::NoSuchClient);
            }
            if room.closed.contains_key(&to) {
                return Err(SendError::Closing);
            }
            room.give([to].into_iter(), &message.into(), &[]);
            Ok(SendStatus::Queued)
        })
    }

    pub(crate) fn broadcast(message: MessageParam<'_>, except: &[ClientId]) -> Result<(), SendError> {
        with(|room| {
            let all: Vec<_> = room.members.keys().copied().collect();
            room.give(all.into_iter(), &message.into(), except);
            Ok(())
        })
    }

    pub(crate) fn close(id: ClientId, code: u16, reason: &str) -> Result<(), CloseError> {
        if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            return Err(CloseError::InvalidCode);
        }
        if reason.len() > 123 {
            return Err(CloseError::ReasonTooLong);
        }
        with(|room| {
            if !room.members.contains_key(&id) {
                return Err(CloseError::NoSuchClient);
            }
            room.closed.entry(id).or_insert_with(|| (code, reason.to_owned()));
            Ok(())
        })
    }

    pub(crate) fn get(id: ClientId) -> Option<Client> {
        with(|room| room.knows(id).cloned())
    }

    pub(crate) fn list() -> Vec<ClientId> {
        with(|room| room.members.keys().copied().collect())
    }

    pub(crate) fn of_user(user: &str) -> Vec<ClientId> {
        with(|room| {
            let those = room.members.values().filter(|client| client.user.as_deref() == Some(user));
            those.map(|client| client.id).collect()
        })
    }

    pub(crate) fn count() -> u32 {
        with(|room| u32::try_from(room.members.len()).unwrap_or(u32::MAX))
    }

    pub(crate) fn is_online(id: ClientId) -> bool {
        with(|room| room.members.contains_key(&id) && !room.closed.contains_key(&id) && !room.away.contains(&id))
    }

    pub(crate) fn buffered_amount(id: ClientId) -> Option<u64> {
        with(|room| room.members.contains_key(&id).then_some(0))
    }

    pub(crate) fn attachment(id: ClientId) -> Option<Vec<u8>> {
        with(|room| room.attachments.get(&id).filter(|_| room.knows(id).is_some()).cloned())
    }

    pub(crate) fn set_attachment(id: ClientId, data: &[u8]) -> Result<(), AttachmentError> {
        if data.len() > 16 << 10 {
            return Err(AttachmentError::TooBig);
        }
        with(|room| {
            if !room.members.contains_key(&id) {
                return Err(AttachmentError::NoSuchClient);
            }
            if data.is_empty() {
                room.attachments.remove(&id)
            } else {
                room.attachments.insert(id, data.to_vec())
            };
            Ok(())
        })
    }
}

/// The interface `topics`.
pub(crate) mod topics {
    use super::with;
    use crate::bindings::app::ws_host::server::topics::SubscribeError;
    use crate::bindings::app::ws_host::server::types::{ClientId, MessageParam, SendError};

    pub(crate) fn subscribe(id: ClientId, topic: &str) -> Result<(), SubscribeError> {
        if topic.is_empty() || topic.len() > 256 {
            return Err(SubscribeError::InvalidTopic);
        }
        with(|room| {
            if !room.members.contains_key(&id) || room.closed.contains_key(&id) {
                return Err(SubscribeError::NoSuchClient);
            }
            room.topics.entry(topic.to_owned()).or_default().insert(id);
            Ok(())
        })
    }

    pub(crate) fn unsubscribe(id: ClientId, topic: &str) {
        with(|room| room.topics.get_mut(topic).is_some_and(|those| those.remove(&id)));
    }

    pub(crate) fn publish(topic: &str, message: MessageParam<'_>, except: &[ClientId]) -> Result<(), SendError> {
        let those = subscribers(topic);
        with(|room| room.give(those.into_iter(), &message.into(), except));
        Ok(())
    }

    pub(crate) fn subscribers(topic: &str) -> Vec<ClientId> {
        with(|room| room.topics.get(topic).into_iter().flatten().copied().collect())
    }

    pub(crate) fn of_client(id: ClientId) -> Vec<String> {
        with(|room| room.topics.iter().filter(|(_, those)| those.contains(&id)).map(|(topic, _)| topic.clone()).collect())
    }
}

/// The interface `control`.
pub(crate) mod control {
    use std::time::Duration;

    use super::{Timer, with, with_what_is_left};
    use crate::bindings::app::ws_host::server::control::{TimerError, TimerId, TimerOptions};

    pub(crate) fn deny_new_clients() {
        with(|room| room.is_denying = true);
    }

    pub(crate) fn allow_new_clients() {
        with(|room| room.is_denying = false);
    }

    pub(crate) fn set_timer(delay_us: u64, options: TimerOptions, payload: &[u8]) -> Result<TimerId, TimerError> {
        if payload.len() > 64 << 10 || (options.repeat && delay_us == 0) {
            return Err(TimerError::Invalid);
        }
        with(|room| {
            if room.timers.len() >= 10_000 {
                return Err(TimerError::Limit);
            }
            room.last_timer += 1;
            let delay = Duration::from_micros(delay_us);
            let timer = Timer { due: room.now + delay, every: options.repeat.then_some(delay), payload: payload.to_vec() };
            room.timers.insert(room.last_timer, timer);
            Ok(room.last_timer)
        })
    }

    pub(crate) fn cancel_timer(id: TimerId) {
        with_what_is_left(|room| drop(room.timers.remove(&id)));
    }
}

/// The interface `store`.
pub(crate) mod store {
    use super::with;
    use crate::bindings::app::ws_host::server::store::{StoreError, StoreUsage};

    pub(crate) fn get(key: &str) -> Option<Vec<u8>> {
        with(|room| room.store.get(key).cloned())
    }

    pub(crate) fn set(key: &str, value: &[u8]) -> Result<(), StoreError> {
        if key.len() > 512 {
            return Err(StoreError::KeyTooLong);
        }
        if value.len() > 128 << 10 {
            return Err(StoreError::ValueTooBig);
        }
        with(|room| room.store.insert(key.to_owned(), value.to_vec()));
        Ok(())
    }

    pub(crate) fn delete(key: &str) -> Result<(), StoreError> {
        with(|room| room.store.remove(key));
        Ok(())
    }

    pub(crate) fn clear() -> Result<(), StoreError> {
        with(|room| room.store.clear());
        Ok(())
    }

    pub(crate) fn list(prefix: &str, after: Option<&str>, limit: u32) -> Vec<(String, Vec<u8>)> {
        let limit = usize::try_from(limit.min(1000)).unwrap_or(1000);
        let is_meant = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
        let mut bytes = 0;
        // One entry at least, however large it is.
        let mut fits = |key: &str, value: &[u8]| {
            let is_first = bytes == 0;
            bytes += key.len() + value.len();
            is_first || bytes <= 1 << 20
        };
        with(|room| {
            let those = room.store.iter().filter(|(key, _)| is_meant(key)).take(limit);
            those.take_while(|(key, value)| fits(key, value)).map(|(key, value)| (key.clone(), value.clone())).collect()
        })
    }

    pub(crate) fn usage() -> StoreUsage {
        with(|room| {
            let bytes: usize = room.store.iter().map(|(key, value)| key.len() + value.len()).sum();
            StoreUsage { keys: room.store.len() as u64, bytes: bytes as u64 }
        })
    }
}

/// The interface `rooms`.
pub(crate) mod rooms {
    use super::with;
    use crate::bindings::app::ws_host::server::types::MessageParam;
    use crate::bindings::events::ws_host::server::rooms::{RoomOptions, RoomsError};

    pub(crate) fn name() -> String {
        with(|room| room.name.clone().unwrap_or_else(|| "/".to_owned()))
    }

    pub(crate) fn send(to: &str, message: MessageParam<'_>, options: RoomOptions) -> Result<(), RoomsError> {
        if to.is_empty() || to.len() > 256 || to.contains([' ', '?', '#']) {
            return Err(RoomsError::InvalidName);
        }
        with(|room| {
            if room.missing.contains(to) && !options.create {
                return Err(RoomsError::NoSuchRoom);
            }
            if room.sent.len() >= 1024 {
                return Err(RoomsError::Full);
            }
            room.missing.remove(to);
            room.sent.push((to.to_owned(), message.into()));
            Ok(())
        })
    }
}

/// The interface `http`.
pub(crate) mod http {
    use std::time::Duration;

    use super::{with, with_what_is_left};
    pub(crate) use crate::bindings::responses::ws_host::server::http::Request;
    use crate::bindings::responses::ws_host::server::http::{FetchError, FetchId};

    /// A request that the app has made.
    #[derive(Clone)]
    pub(crate) struct Asked {
        pub(crate) method: String,
        pub(crate) url: String,
        pub(crate) headers: Vec<(String, String)>,
        pub(crate) body: Option<Vec<u8>>,
        pub(crate) stream: bool,
        pub(crate) timeout: Option<Duration>,
    }

    #[expect(clippy::needless_pass_by_value, reason = "the generated function takes it so")]
    pub(crate) fn fetch(request: Request<'_>, context: &[u8]) -> Result<FetchId, FetchError> {
        let Request { method, url, headers, body, stream, timeout_us } = request;
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(FetchError::Invalid(format!("the URL {url:?} is not absolute")));
        }
        let asked = Asked {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.map(<[u8]>::to_vec),
            stream,
            timeout: timeout_us.map(Duration::from_micros),
        };
        with(|room| {
            room.last_request += 1;
            room.asked.insert(room.last_request, (asked, context.to_vec()));
            Ok(room.last_request)
        })
    }

    pub(crate) fn cancel(id: FetchId) {
        with_what_is_left(|room| drop(room.asked.remove(&id)));
    }
}
