//! The contract's imports on the host's side: `clients`, `topics` and `control`, each a thin layer over `Room`.
//!
//! The host reads payloads in place, in the guest's memory, and encodes them from there into the frame that is sent.

use std::borrow::Cow;
use std::time::Duration;

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, WasmList, WasmStr};

use super::state::GuestState;
use crate::room::{self, Room};
use crate::types::{Client, ClientId};

type Store<'a> = StoreContextMut<'a, GuestState>;

/// The contract's `message`, in place in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(super) enum Payload {
    #[component(name = "text")]
    Text(WasmStr),
    #[component(name = "binary")]
    Binary(WasmList<u8>),
}

impl Payload {
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// The bytes. A text that is not UTF-8 is an error, which traps the guest.
    pub(super) fn read<'a>(&self, store: &'a Store<'_>) -> wasmtime::Result<Cow<'a, [u8]>> {
        Ok(match self {
            Self::Text(text) => match text.to_str(store)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            },
            Self::Binary(data) => Cow::Borrowed(data.as_le_slice(store)),
        })
    }
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
pub(super) enum SendStatus {
    #[component(name = "queued")]
    Queued,
    #[component(name = "backpressure")]
    Backpressure,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum SendError {
    #[component(name = "no-such-client")]
    NoSuchClient,
    #[component(name = "closing")]
    Closing,
    #[component(name = "too-big")]
    TooBig,
    #[component(name = "limit")]
    Limit,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum CloseError {
    #[component(name = "no-such-client")]
    NoSuchClient,
    #[component(name = "invalid-code")]
    InvalidCode,
    #[component(name = "reason-too-long")]
    ReasonTooLong,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum AttachmentError {
    #[component(name = "no-such-client")]
    NoSuchClient,
    #[component(name = "too-big")]
    TooBig,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum SubscribeError {
    #[component(name = "no-such-client")]
    NoSuchClient,
    #[component(name = "invalid-topic")]
    InvalidTopic,
    #[component(name = "limit")]
    Limit,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum TimerError {
    #[component(name = "limit")]
    Limit,
    #[component(name = "invalid")]
    Invalid,
    #[component(name = "not-durable")]
    NotDurable,
    #[component(name = "unavailable")]
    Unavailable,
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct TimerOptions {
    repeat: bool,
    durable: bool,
}

impl From<TimerOptions> for room::TimerOptions {
    fn from(TimerOptions { repeat, durable }: TimerOptions) -> Self {
        Self { repeat, durable }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Address {
    ip: String,
    port: u16,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct ClientRecord {
    id: u64,
    address: Address,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    subprotocol: Option<String>,
    user: Option<String>,
}

impl From<&Client> for ClientRecord {
    fn from(client: &Client) -> Self {
        let request = &client.request;
        Self {
            id: client.id.get(),
            address: Address { ip: client.address.ip().to_string(), port: client.address.port() },
            path: request.path().to_owned(),
            query: request.query().to_owned(),
            headers: request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            subprotocol: client.subprotocol().map(str::to_owned),
            user: client.user().map(str::to_owned),
        }
    }
}

/// Runs with the room taken out of the store, so that the store's memory can be read at the same time.
pub(super) fn with_room<T>(store: &mut Store<'_>, work: impl FnOnce(&mut Room, &Store<'_>) -> T) -> T {
    let room = std::mem::replace(&mut store.data_mut().room, Room::vacant());
    let mut taken = Taken { room, store };
    work(&mut taken.room, taken.store)
}

/// A room taken out of its store. It goes back even when the import panics.
struct Taken<'a, 'b> {
    room: Room,
    store: &'a mut Store<'b>,
}

impl Drop for Taken<'_, '_> {
    fn drop(&mut self) {
        std::mem::swap(&mut self.room, &mut self.store.data_mut().room);
    }
}

/// Adds the functions of `clients`.
pub(super) fn add_clients(clients: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    clients.func_wrap("send", |mut store: Store<'_>, (to, message): (u64, Payload)| {
        with_room(&mut store, |room, store| {
            let sent = room.send_payload(to.into(), message.is_text(), &message.read(store)?);
            Ok((sent.map(SendStatus::from).map_err(SendError::from),))
        })
    })?;
    clients.func_wrap("broadcast", |mut store: Store<'_>, (message, except): (Payload, WasmList<u64>)| {
        with_room(&mut store, |room, store| {
            let sent = room.broadcast_payload(message.is_text(), &message.read(store)?, ids(&except, store));
            Ok((sent.map_err(SendError::from),))
        })
    })?;
    clients.func_wrap("close", |mut store: Store<'_>, (id, code, reason): (u64, u16, WasmStr)| {
        with_room(&mut store, |room, store| {
            let closed = room.close(id.into(), code, &reason.to_str(store)?);
            Ok((closed.map_err(CloseError::from),))
        })
    })?;
    clients
        .func_wrap("get", |store: Store<'_>, (id,): (u64,)| Ok((store.data().room.client(id.into()).map(ClientRecord::from),)))?;
    clients.func_wrap("list", |store: Store<'_>, (): ()| {
        let ids: Vec<u64> = store.data().room.clients().map(|client| client.id.get()).collect();
        Ok((ids,))
    })?;
    clients.func_wrap("count", |store: Store<'_>, (): ()| Ok((saturated(store.data().room.count()),)))?;
    clients.func_wrap("of-user", |mut store: Store<'_>, (user,): (WasmStr,)| {
        with_room(&mut store, |room, store| {
            let ids: Vec<u64> = room.of_user(&user.to_str(store)?).map(ClientId::get).collect();
            Ok((ids,))
        })
    })?;
    clients.func_wrap("is-online", |store: Store<'_>, (id,): (u64,)| {
        Ok((store.data().room.is_online(id.into()).unwrap_or_default(),))
    })?;
    clients.func_wrap("buffered-amount", |store: Store<'_>, (id,): (u64,)| {
        Ok((store.data().room.buffered_amount(id.into()).map(|bytes| bytes as u64),))
    })?;
    clients.func_wrap("attachment", |store: Store<'_>, (id,): (u64,)| {
        let attached = store.data().room.attachment(id.into()).filter(|data| !data.is_empty());
        Ok((attached.map(|data| data.to_vec()),))
    })?;
    clients.func_wrap("set-attachment", |mut store: Store<'_>, (id, data): (u64, WasmList<u8>)| {
        with_room(&mut store, |room, store| {
            let attached = room.set_attachment(id.into(), data.as_le_slice(store).to_vec());
            Ok((attached.map_err(AttachmentError::from),))
        })
    })
}

/// Adds the functions of `topics`.
pub(super) fn add_topics(topics: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    topics.func_wrap("subscribe", |mut store: Store<'_>, (id, topic): (u64, WasmStr)| {
        with_room(&mut store, |room, store| {
            let subscribed = room.subscribe(id.into(), &topic.to_str(store)?);
            Ok((subscribed.map_err(SubscribeError::from),))
        })
    })?;
    topics.func_wrap("unsubscribe", |mut store: Store<'_>, (id, topic): (u64, WasmStr)| {
        with_room(&mut store, |room, store| {
            room.unsubscribe(id.into(), &topic.to_str(store)?);
            Ok(())
        })
    })?;
    topics.func_wrap("publish", |mut store: Store<'_>, (topic, message, except): (WasmStr, Payload, WasmList<u64>)| {
        with_room(&mut store, |room, store| {
            let except = ids(&except, store);
            let sent = room.publish_payload(&topic.to_str(store)?, message.is_text(), &message.read(store)?, except);
            Ok((sent.map_err(SendError::from),))
        })
    })?;
    topics.func_wrap("subscribers", |mut store: Store<'_>, (topic,): (WasmStr,)| {
        with_room(&mut store, |room, store| {
            let ids: Vec<u64> = room.subscribers(&topic.to_str(store)?).map(ClientId::get).collect();
            Ok((ids,))
        })
    })?;
    topics.func_wrap("of-client", |store: Store<'_>, (id,): (u64,)| {
        let topics: Vec<String> = store.data().room.topics_of(id.into()).into_iter().map(str::to_owned).collect();
        Ok((topics,))
    })
}

/// Adds the functions of `control`.
pub(super) fn add_control(control: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    control.func_wrap("deny-new-clients", |mut store: Store<'_>, (): ()| {
        store.data_mut().room.deny_new_clients();
        Ok(())
    })?;
    control.func_wrap("allow-new-clients", |mut store: Store<'_>, (): ()| {
        store.data_mut().room.allow_new_clients();
        Ok(())
    })?;
    control.func_wrap("set-timer", set_timer)?;
    control.func_wrap("cancel-timer", |mut store: Store<'_>, (id,): (u64,)| {
        store.data_mut().room.cancel_timer(id);
        Ok(())
    })
}

fn set_timer(
    mut store: Store<'_>,
    (delay_us, options, payload): (u64, TimerOptions, WasmList<u8>),
) -> wasmtime::Result<(Result<u64, TimerError>,)> {
    with_room(&mut store, |room, store| {
        let payload = payload.as_le_slice(store).to_vec();
        let set = room.set_timer(Duration::from_micros(delay_us), options.into(), payload);
        Ok((set.map_err(TimerError::from),))
    })
}

/// The ids of a list, read in place in the guest's memory.
fn ids<'a>(list: &WasmList<u64>, store: &'a Store<'_>) -> impl ExactSizeIterator<Item = ClientId> + use<'a> {
    list.as_le_slice(store).iter().copied().map(ClientId::new)
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Converts an enum of the room to the enum of the contract with the same cases.
macro_rules! same_cases {
    ($($wire:ident: $($case:ident),+;)+) => {
        $(impl From<room::$wire> for $wire {
            fn from(value: room::$wire) -> Self {
                match value {
                    $(room::$wire::$case => Self::$case,)+
                }
            }
        })+
    };
}
pub(super) use same_cases;

same_cases! {
    SendStatus: Queued, Backpressure;
    SendError: NoSuchClient, Closing, TooBig, Limit;
    CloseError: NoSuchClient, InvalidCode, ReasonTooLong;
    AttachmentError: NoSuchClient, TooBig;
    SubscribeError: NoSuchClient, InvalidTopic, Limit;
    TimerError: Limit, Invalid, NotDurable, Unavailable;
}
