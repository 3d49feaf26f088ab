//! The contract's import `http` on the host's side: a thin layer over `Room::fetch`.

use std::time::Duration;

use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, WasmList, WasmStr};

use super::imports::with_room;
use super::state::GuestState;
use crate::fetch::{self, FetchRequest};

type Store<'a> = StoreContextMut<'a, GuestState>;

/// The contract's `request`, in place in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
struct Request {
    method: WasmStr,
    url: WasmStr,
    headers: WasmList<(WasmStr, WasmStr)>,
    body: Option<WasmList<u8>>,
    stream: bool,
    #[component(name = "timeout-us")]
    timeout_us: Option<u64>,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
enum FetchError {
    #[component(name = "invalid")]
    Invalid(String),
    #[component(name = "denied")]
    Denied(String),
    #[component(name = "too-big")]
    TooBig(String),
    #[component(name = "limit")]
    Limit,
    #[component(name = "room-full")]
    RoomFull,
    #[component(name = "total-full")]
    TotalFull,
}

impl From<fetch::FetchError> for FetchError {
    fn from(error: fetch::FetchError) -> Self {
        match error {
            fetch::FetchError::Invalid(why) => Self::Invalid(why),
            fetch::FetchError::Denied(why) => Self::Denied(why),
            fetch::FetchError::TooBig(why) => Self::TooBig(why),
            fetch::FetchError::Limit => Self::Limit,
            fetch::FetchError::RoomFull => Self::RoomFull,
            fetch::FetchError::TotalFull => Self::TotalFull,
        }
    }
}

/// Adds the functions of `http`.
pub(super) fn add_http(http: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    http.func_wrap("fetch", |mut store: Store<'_>, (request, context): (Request, WasmList<u8>)| {
        // A body that is too large is not copied.
        let body_bytes = request.body.as_ref().map_or(0, |body| body.as_le_slice(&store).len());
        if let Err(error) = store.data().room.check_body(body_bytes) {
            return Ok((Err(FetchError::from(error)),));
        }
        let request = match read(&mut store, &request)? {
            Ok(request) => request,
            Err(error) => return Ok((Err(FetchError::from(error)),)),
        };
        with_room(&mut store, |room, store| {
            let fetched = room.fetch(request, Bytes::copy_from_slice(context.as_le_slice(store)));
            Ok((fetched.map_err(FetchError::from),))
        })
    })?;
    http.func_wrap("cancel", |mut store: Store<'_>, (id,): (u64,)| {
        store.data_mut().room.cancel_fetch(id);
        Ok(())
    })
}

/// Copies a request. URL and headers that are too large are not copied: a list may name the same large text many times.
fn read(store: &mut Store<'_>, request: &Request) -> wasmtime::Result<Result<FetchRequest, fetch::FetchError>> {
    let mut head_bytes = 0;
    let mut text = |store: &Store<'_>, text: &WasmStr| {
        let text = text.to_str(store)?;
        head_bytes += text.len();
        Ok::<_, wasmtime::Error>(fetch::check_head(head_bytes).map(|()| text.into_owned()))
    };
    let (method, url) = match (text(store, &request.method)?, text(store, &request.url)?) {
        (Ok(method), Ok(url)) => (method, url),
        (Err(error), _) | (_, Err(error)) => return Ok(Err(error)),
    };
    let mut headers = Vec::new();
    for index in 0..request.headers.len() {
        let Some(header) = request.headers.get(&mut *store, index) else { break };
        let (name, value) = header?;
        match (text(store, &name)?, text(store, &value)?, fetch::check_head(4 * index)) {
            (Ok(name), Ok(value), Ok(())) => headers.push((name, value)),
            (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => return Ok(Err(error)),
        }
    }
    let body = request.body.as_ref().map(|body| Bytes::copy_from_slice(body.as_le_slice(&*store)));
    let timeout = request.timeout_us.map(Duration::from_micros);
    Ok(Ok(FetchRequest { method, url, headers, body, stream: request.stream, timeout }))
}
