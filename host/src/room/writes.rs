//! Writes to the store as a part of the running turn.

use bytes::Bytes;

use super::State;
use super::store::{StoreError, Unwrite};
use super::undo::Undo;

impl State {
    /// Sets a key to a value, or removes it.
    pub(super) async fn write(&mut self, key: &str, value: Option<Bytes>) -> Result<(), StoreError> {
        self.check_changes()?;
        let unwrite = self.contents.write(&mut self.turn.written, key, value).await?;
        self.log(unwrite);
        Ok(())
    }

    /// Removes all keys.
    pub(super) fn clear_store(&mut self) -> Result<(), StoreError> {
        self.check_changes()?;
        let unwrite = self.contents.clear(&mut self.turn.written)?;
        self.log(unwrite);
        Ok(())
    }

    fn check_changes(&self) -> Result<(), StoreError> {
        if self.turn.may_change() { Ok(()) } else { Err(StoreError::Limit) }
    }

    fn log(&mut self, unwrite: Option<Unwrite>) {
        self.turn.undo_log.extend(unwrite.map(|unwrite| Undo::Write(Box::new(unwrite))));
    }
}
