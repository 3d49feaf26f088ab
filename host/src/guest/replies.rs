//! The contract's import `replies` on the host's side: a thin layer over `Room::respond`.

use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, WasmList, WasmStr};

use super::imports::{SendStatus, with_room};
use super::state::GuestState;
use crate::requests::{self, Head, MAX_HEAD_BYTES};

type Store<'a> = StoreContextMut<'a, GuestState>;

/// The contract's `head`, in place in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
struct HeadRecord {
    status: u16,
    headers: WasmList<(WasmStr, WasmStr)>,
}

/// The contract's `open-request`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct OpenRequest {
    id: u64,
    #[component(name = "has-begun")]
    has_begun: bool,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
enum RespondError {
    #[component(name = "no-such-request")]
    NoSuchRequest,
    #[component(name = "wrong-order")]
    WrongOrder,
    #[component(name = "invalid")]
    Invalid(String),
    #[component(name = "too-big")]
    TooBig,
    #[component(name = "limit")]
    Limit,
}

impl From<requests::RespondError> for RespondError {
    fn from(error: requests::RespondError) -> Self {
        match error {
            requests::RespondError::NoSuchRequest => Self::NoSuchRequest,
            requests::RespondError::WrongOrder => Self::WrongOrder,
            requests::RespondError::Invalid(why) => Self::Invalid(why),
            requests::RespondError::TooBig => Self::TooBig,
            requests::RespondError::Limit => Self::Limit,
        }
    }
}

/// Adds the functions of `replies`.
pub(super) fn add_replies(replies: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    replies.func_wrap("respond", |mut store: Store<'_>, (id, head, body): (u64, HeadRecord, WasmList<u8>)| {
        let head = match read(&mut store, &head)? {
            Ok(head) => head,
            Err(error) => return Ok((Err(error),)),
        };
        with_room(&mut store, |room, store| {
            let body = copied(&body, room.response_limits().0, store);
            let responded = body.and_then(|body| room.respond(id, &head, body));
            Ok((responded.map_err(RespondError::from),))
        })
    })?;
    replies.func_wrap("respond-begin", |mut store: Store<'_>, (id, head): (u64, HeadRecord)| {
        let head = match read(&mut store, &head)? {
            Ok(head) => head,
            Err(error) => return Ok((Err(error),)),
        };
        Ok((store.data_mut().room.respond_begin(id, &head).map_err(RespondError::from),))
    })?;
    replies.func_wrap("respond-chunk", |mut store: Store<'_>, (id, chunk): (u64, WasmList<u8>)| {
        with_room(&mut store, |room, store| {
            let chunk = copied(&chunk, room.response_limits().1, store);
            let sent = chunk.and_then(|chunk| room.respond_chunk(id, chunk));
            Ok((sent.map(SendStatus::from).map_err(RespondError::from),))
        })
    })?;
    replies.func_wrap("respond-end", |mut store: Store<'_>, (id,): (u64,)| {
        Ok((store.data_mut().room.respond_end(id).map_err(RespondError::from),))
    })?;
    replies.func_wrap("abort", |mut store: Store<'_>, (id,): (u64,)| {
        store.data_mut().room.abort_response(id);
        Ok(())
    })?;
    replies.func_wrap("list", |store: Store<'_>, (): ()| {
        let open = store.data().room.open_requests().into_iter();
        Ok((open.map(|(id, has_begun)| OpenRequest { id, has_begun }).collect::<Vec<_>>(),))
    })
}

/// Copies a body out of the guest's memory, unless it is too large.
fn copied(body: &WasmList<u8>, most: usize, store: &Store<'_>) -> Result<Bytes, requests::RespondError> {
    let body = body.as_le_slice(store);
    if body.len() > most { Err(requests::RespondError::TooBig) } else { Ok(Bytes::copy_from_slice(body)) }
}

/// Copies a head. Headers that are too large are not copied: a list may name the same large text many times.
fn read(store: &mut Store<'_>, head: &HeadRecord) -> wasmtime::Result<Result<Head, RespondError>> {
    let mut bytes = 0;
    let mut headers = Vec::new();
    for index in 0..head.headers.len() {
        let Some(header) = head.headers.get(&mut *store, index) else { break };
        let (name, value) = header?;
        let (name, value) = (name.to_str(&*store)?.into_owned(), value.to_str(&*store)?.into_owned());
        // Each counts as one byte at least.
        bytes += (name.len() + value.len()).max(1);
        if bytes > MAX_HEAD_BYTES {
            return Ok(Err(RespondError::Invalid(format!("the headers have more than {MAX_HEAD_BYTES} bytes"))));
        }
        headers.push((name, value));
    }
    Ok(Ok(Head { status: head.status, headers }))
}
