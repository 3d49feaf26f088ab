//! The call of a guest with a batch: its messages go through the loop that `splice` has added to its component.

use wasmtime::StoreContextMut;
use wasmtime::component::{Component, ComponentExportIndex, Linker, TypedFunc};

use super::splice::{NEXT, RUN};
use super::state::GuestState;
use crate::types::Message;

/// The export that runs the loop.
pub(super) type Run = TypedFunc<(), ()>;

/// Where a component has the loop, if it has one.
pub(super) fn find(component: &Component) -> Option<ComponentExportIndex> {
    component.get_export_index(None, RUN)
}

/// A message as the loop takes it: the sender, and a text or binary data.
type Next = (Option<(u64, Result<String, Vec<u8>>)>,);

/// Gives the linker the import by which the loop asks for a message.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.root().func_wrap(NEXT, |mut store: StoreContextMut<'_, GuestState>, (): ()| {
        let Some((from, message)) = store.data_mut().next_message() else { return Ok((None,)) };
        store.set_epoch_deadline(1);
        let payload = match message {
            Message::Text(text) => Ok(String::from(&*text)),
            Message::Binary(data) => Err(data.to_vec()),
        };
        let next: Next = (Some((from.get(), payload)),);
        Ok(next)
    })
}
