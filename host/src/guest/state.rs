//! What an instance's store holds.

use std::time::Duration;

use wasmtime::{StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

use super::engine::TICK;
use super::output::{Output, Stream};
use crate::config::Limits;
use crate::room::Room;

/// The room during a call, WASI, and the instance's limits.
pub(super) struct GuestState {
    /// The room whose handler runs; an empty one between calls.
    pub(super) room: Room,
    pub(super) limiter: StoreLimits,
    wasi: WasiCtx,
    resources: ResourceTable,
    ticks: u64,
    max_ticks: u64,
}

impl GuestState {
    /// Deny by default: no file system, network, environment or arguments; WASI's clocks, random numbers and the two
    /// output streams only.
    pub(super) fn new(room_name: &str, limits: &Limits) -> Self {
        let wasi = WasiCtx::builder()
            .stdout(Output::new(room_name, Stream::Stdout))
            .stderr(Output::new(room_name, Stream::Stderr))
            .build();
        let limiter = StoreLimitsBuilder::new().memory_size(limits.guest_memory_bytes).table_elements(100_000).build();
        Self {
            room: Room::default(),
            limiter,
            wasi,
            resources: ResourceTable::new(),
            ticks: 0,
            max_ticks: ticks(limits.call_timeout),
        }
    }

    /// A call begins: its time is counted from here.
    pub(super) fn begin_call(&mut self) {
        self.ticks = 0;
    }

    /// The call has run until a tick. The time while it is suspended has no ticks: the deadline is set anew when it
    /// goes on.
    pub(super) fn tick(&mut self) -> UpdateDeadline {
        self.ticks += 1;
        if self.ticks > self.max_ticks {
            return UpdateDeadline::Interrupt;
        }
        // tokio's yield, not wasmtime's, because it lets the event loop look at the sockets first.
        UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

/// How many ticks make up the timeout. One more, since the first tick can come right after the start.
fn ticks(timeout: Duration) -> u64 {
    u64::try_from(timeout.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX - 1) + 1
}
