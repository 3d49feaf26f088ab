//! One call into a guest: it enters with the room, waits, and leaves with the room.

use std::pin::pin;

use wasmtime::Store;

use super::fault::fault;
use super::state::GuestState;
use super::wait_limit::WaitLimit;
use crate::app::Fault;
use crate::room::Room;

/// An instance's store, which one call at a time enters.
pub(super) struct GuestStore {
    pub(super) store: Store<GuestState>,
    pub(super) wait_limit: WaitLimit,
}

impl GuestStore {
    /// Runs one call. The store holds the room meanwhile. `handler` names the call in the fault that its error becomes.
    pub(super) async fn call<T>(
        &mut self,
        room: &mut Room,
        handler: &str,
        call: impl AsyncFnOnce(&mut Store<GuestState>) -> wasmtime::Result<T>,
    ) -> Result<T, Fault> {
        let entered = Entered::new(&mut self.store, room);
        let result = self.wait_limit.with(pin!(call(entered.store))).await;
        result.map_err(|error| {
            let state = entered.store.data();
            fault(handler, &error, state.call_timeout(), &state.last_words())
        })
    }
}

/// A call that runs. However it ends (it returns, an import panics, or its future is dropped), the room comes back.
struct Entered<'a> {
    store: &'a mut Store<GuestState>,
    room: &'a mut Room,
}

impl<'a> Entered<'a> {
    fn new(store: &'a mut Store<GuestState>, room: &'a mut Room) -> Self {
        std::mem::swap(room, &mut store.data_mut().room);
        store.data_mut().enter();
        store.set_epoch_deadline(1);
        Self { store, room }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        std::mem::swap(self.room, &mut self.store.data_mut().room);
    }
}
