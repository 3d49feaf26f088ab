//! The contract's import `store` on the host's side: a thin layer over `Room::store`.
//!
//! A read that waits for the disk suspends the call. An entry in memory costs no wait.

use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, LinkerInstance, Lower, WasmList, WasmStr};

use super::imports::same_cases;
use super::state::GuestState;
use crate::room;
use crate::store::MAX_VALUE_BYTES;

type Store<'a> = StoreContextMut<'a, GuestState>;
type Answer<T> = wasmtime::Result<(Result<T, StoreError>,)>;

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
enum StoreError {
    #[component(name = "key-too-long")]
    KeyTooLong,
    #[component(name = "value-too-big")]
    ValueTooBig,
    #[component(name = "limit")]
    Limit,
    #[component(name = "room-full")]
    RoomFull,
    #[component(name = "total-full")]
    TotalFull,
    #[component(name = "unavailable")]
    Unavailable,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct StoreUsage {
    keys: u64,
    bytes: u64,
}

/// Adds the functions of `store`.
pub(super) fn add_store(store: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    store.func_wrap_async("get", |mut store: Store<'_>, (key,): (WasmStr,)| {
        Box::new(async move {
            let key = key.to_str(&store)?.into_owned();
            let value = store.data_mut().room.store().get(&key).await?;
            Ok((value.map(|value| value.to_vec()),))
        })
    })?;
    store.func_wrap_async("set", |mut store: Store<'_>, (key, value): (WasmStr, WasmList<u8>)| {
        Box::new(async move {
            let key = key.to_str(&store)?.into_owned();
            let len = value.as_le_slice(&store).len();
            // A value that is too large for a store is not read.
            let bytes = if len > MAX_VALUE_BYTES { Bytes::new() } else { Bytes::copy_from_slice(value.as_le_slice(&store)) };
            answer(store.data_mut().room.store().set_bytes(&key, len, || bytes).await)
        })
    })?;
    store.func_wrap_async("delete", |mut store: Store<'_>, (key,): (WasmStr,)| {
        Box::new(async move {
            let key = key.to_str(&store)?.into_owned();
            answer(store.data_mut().room.store().delete(&key).await)
        })
    })?;
    store.func_wrap("clear", |mut store: Store<'_>, (): ()| answer(store.data_mut().room.store().clear()))?;
    store.func_wrap_async("list", |mut store: Store<'_>, (prefix, after, limit): (WasmStr, Option<WasmStr>, u32)| {
        Box::new(async move {
            let prefix = prefix.to_str(&store)?.into_owned();
            let after = after.map(|after| after.to_str(&store).map(std::borrow::Cow::into_owned)).transpose()?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let entries = store.data_mut().room.store().list(&prefix, after.as_deref(), limit).await?;
            let entries: Vec<_> = entries.into_iter().map(|(key, value)| (key.to_string(), value.to_vec())).collect();
            Ok((entries,))
        })
    })?;
    store.func_wrap("usage", |mut store: Store<'_>, (): ()| {
        let usage = store.data_mut().room.store().usage();
        Ok((StoreUsage { keys: usage.keys, bytes: usage.bytes },))
    })
}

fn answer(result: Result<(), room::StoreError>) -> Answer<()> {
    Ok((result.map_err(StoreError::from),))
}

same_cases! { StoreError: KeyTooLong, ValueTooBig, Limit, RoomFull, TotalFull, Unavailable; }
