//! The contents of an instance's store: the room during a call, WASI, and limits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wasmtime::{ResourceLimiter, UpdateDeadline};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use super::engine::TICK;
use super::memory::Share;
use super::output::{Output, OutputStream};
use super::tick_count::TickCount;
use super::total_output::TotalOutput;
use crate::config::{Grants, Limits};
use crate::room::Room;
use crate::types::{ClientId, Message};

/// The room during a call, WASI, and the instance's limits.
pub(super) struct GuestState {
    /// The room whose handler runs; vacant between calls.
    pub(super) room: Room,
    pub(super) limiter: Limiter,
    wasi: WasiCtx,
    resources: ResourceTable,
    http: WasiHttpCtx,
    ticks: u64,
    max_ticks: u64,
    call_timeout: Duration,
    tick_count: TickCount,
    stderr: Output,
    /// Whether this call has used WASI, so that what it has written can be told from earlier text.
    uses_wasi: bool,
}

impl GuestState {
    /// Denies by default: no file system, no network, no arguments. The guest gets the granted variables, the input that its own
    /// file carries, WASI's clocks, random numbers and the two output streams.
    pub(super) fn new(
        room_name: &str,
        (limits, grants): (&Limits, &Grants),
        stdin: &Bytes,
        tick_count: TickCount,
        total: &Arc<TotalOutput>,
        share: Share,
    ) -> Self {
        let stderr = Output::new(room_name, OutputStream::Stderr, total);
        let wasi = WasiCtx::builder()
            .envs(grants.env())
            .stdin(MemoryInputPipe::new(stdin.clone()))
            .stdout(Output::new(room_name, OutputStream::Stdout, total))
            .stderr(stderr.clone())
            .build();
        let limiter = Limiter { memory_bytes_left: limits.guest_memory_bytes, table_elements_left: MAX_TABLE_ELEMENTS, share };
        Self {
            room: Room::vacant(),
            limiter,
            wasi,
            resources: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            ticks: 0,
            max_ticks: ticks(limits.call_timeout),
            call_timeout: limits.call_timeout,
            tick_count,
            stderr,
            uses_wasi: false,
        }
    }

    /// Bounds what the guest can have the host keep for `wasi:http`: without that, a million lists of headers.
    pub(super) fn bound_http(&mut self) {
        self.http.set_field_size_limit(MAX_FIELDS_BYTES);
        self.resources.set_max_capacity(MAX_RESOURCES);
    }

    /// WASI's view of HTTP: the room sends the requests.
    pub(super) fn http_view(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.room, table: &mut self.resources, ctx: &mut self.http }
    }

    /// The limit on a call's running time.
    pub(super) fn call_timeout(&self) -> Duration {
        self.call_timeout
    }

    /// The guest's stderr.
    pub(super) fn stderr(&self) -> &Output {
        &self.stderr
    }

    /// The end of what this call has written to stderr.
    pub(super) fn last_words(&self) -> String {
        if self.uses_wasi { self.stderr.last_words() } else { String::new() }
    }

    /// The host calls the guest.
    pub(super) fn enter(&mut self) {
        self.tick_count.enter();
        self.begin_call();
    }

    /// A handler begins. Its time counts from here.
    fn begin_call(&mut self) {
        self.ticks = 0;
        self.uses_wasi = false;
        self.tick_count.begin();
    }

    /// In a batch: a handler has returned. Returns the message for the next one, which begins now. A handler that was suspended is the last
    /// of its batch: orders and timers that have come meanwhile do not wait for the others.
    pub(super) fn next_message(&mut self) -> Option<(ClientId, Message)> {
        if self.tick_count.was_suspended() {
            return None;
        }
        let next = self.room.next_message()?;
        self.begin_call();
        Some(next)
    }

    /// A tick hits the call. A suspended call has no ticks: its deadline is set anew when it goes on.
    pub(super) fn tick(&mut self) -> UpdateDeadline {
        self.ticks += self.tick_count.advance();
        if self.ticks > self.max_ticks {
            return UpdateDeadline::Interrupt;
        }
        if self.ticks == 1 {
            // The first tick can come right after the start. It does not suspend a short call that it happens to hit.
            return UpdateDeadline::Continue(1);
        }
        self.tick_count.suspend();
        let tick_count = self.tick_count.clone();
        UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                // tokio's yield, not wasmtime's, because it lets the event loop look at the sockets first.
                tokio::task::yield_now().await;
                tick_count.resume();
            }),
        )
    }
}

/// The memory of one list of headers, about.
const MAX_FIELDS_BYTES: usize = 64 << 10;
/// The resources of WASI that a guest with `wasi:http` has at a time.
const MAX_RESOURCES: usize = 1024;

/// Elements of all tables of an instance. Rust guests have some hundred.
const MAX_TABLE_ELEMENTS: usize = 100_000;

/// The memory and table elements that an instance may still take, over all its memories and tables.
pub(super) struct Limiter {
    memory_bytes_left: usize,
    table_elements_left: usize,
    /// Its part of the memory of all instances.
    share: Share,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = desired.saturating_sub(current);
        let may_grow = take(&mut self.memory_bytes_left, bytes);
        if may_grow {
            self.share.grow(bytes);
        }
        Ok(may_grow)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(take(&mut self.table_elements_left, desired.saturating_sub(current)))
    }
}

fn take(left: &mut usize, wanted: usize) -> bool {
    let rest = left.checked_sub(wanted);
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        if !self.uses_wasi {
            self.uses_wasi = true;
            self.stderr.forget();
        }
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

/// The number of ticks in the timeout, and one more because the first tick can come right after the start.
fn ticks(timeout: Duration) -> u64 {
    u64::try_from(timeout.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX - 1) + 1
}
