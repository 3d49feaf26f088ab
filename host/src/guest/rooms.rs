//! The contract's import `rooms` on the host's side: a thin layer over `Room::send_to_room`.

use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, WasmStr};

use super::imports::Payload;
use super::state::GuestState;
use crate::room;
use crate::types::Message;

type Store<'a> = StoreContextMut<'a, GuestState>;

#[derive(ComponentType, Lift)]
#[component(record)]
struct RoomOptions {
    create: bool,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum RoomsError {
    #[component(name = "invalid-name")]
    InvalidName,
    #[component(name = "no-such-room")]
    NoSuchRoom,
    #[component(name = "too-big")]
    TooBig,
    #[component(name = "limit")]
    Limit,
    #[component(name = "full")]
    Full,
    #[component(name = "too-many-rooms")]
    TooManyRooms,
}

impl RoomsError {
    /// The contract's answer. Without a disk that can be read there is no answer.
    fn answer(error: room::RoomsError) -> wasmtime::Result<Self> {
        Ok(match error {
            room::RoomsError::InvalidName => Self::InvalidName,
            room::RoomsError::NoSuchRoom => Self::NoSuchRoom,
            room::RoomsError::TooBig => Self::TooBig,
            room::RoomsError::Limit => Self::Limit,
            room::RoomsError::Full => Self::Full,
            room::RoomsError::TooManyRooms => Self::TooManyRooms,
            room::RoomsError::Unavailable => return Err(error.into()),
        })
    }
}

/// Adds the functions of `rooms`.
pub(super) fn add_rooms(rooms: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    rooms.func_wrap("name", |store: Store<'_>, (): ()| Ok((store.data().room.address().to_owned(),)))?;
    rooms.func_wrap_async("send", |mut store: Store<'_>, (room, message, options): (WasmStr, Payload, RoomOptions)| {
        Box::new(async move {
            let room = room.to_str(&store)?.into_owned();
            let payload = message.read(&store)?;
            // A message that is too large is not copied.
            if !store.data().room.admits_event(payload.len()) {
                return Ok((Err(RoomsError::TooBig),));
            }
            let payload = Bytes::copy_from_slice(&payload);
            let message = if message.is_text() { Message::Text(payload.try_into()?) } else { Message::Binary(payload) };
            let options = room::RoomOptions { create: options.create };
            let sent = store.data_mut().room.send_to_room(&room, message, options).await;
            Ok((sent.map_or_else(|error| RoomsError::answer(error).map(Err), |()| Ok(Ok(())))?,))
        })
    })
}
