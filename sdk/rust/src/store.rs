//! The store of the room: an ordered map that outlives the instance, and the host if it has a data folder.
//!
//! A write counts when the handler returns, together with what the handler has sent. If the handler panics, nothing is written. Reads see
//! the handler's own writes and those of all handlers before it.
//!
//! ```no_run
//! use ws_guest::{broadcast, store};
//!
//! fn count() -> Result<(), store::StoreError> {
//!     let before = store::get("count").and_then(|value| String::from_utf8(value).ok()?.parse().ok()).unwrap_or(0_u64);
//!     store::set("count", (before + 1).to_string())?;
//!     broadcast(format!("{}", before + 1)).ok();
//!     Ok(())
//! }
//! ```

pub use crate::bindings::app::ws_host::server::store::{StoreError, StoreUsage};

#[cfg(target_family = "wasm")]
use crate::bindings::app::ws_host::server::store as host;
#[cfg(not(target_family = "wasm"))]
use crate::fake::store as host;

/// The value of a key, or `None` if the store does not have the key.
#[must_use]
pub fn get(key: &str) -> Option<Vec<u8>> {
    host::get(key)
}

/// Sets the value of a key, in place of an earlier one. Keys have up to 512 bytes, values up to 128 KiB.
///
/// # Errors
/// The key or value is too long, the handler, the room or all rooms together have written as much as they may, or the host cannot write
/// now. Nothing is written then.
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<(), StoreError> {
    host::set(key, value.as_ref())
}

/// Removes a key. It is no error if the store does not have it.
///
/// # Errors
/// [`StoreError::Limit`] and [`StoreError::Unavailable`].
pub fn delete(key: &str) -> Result<(), StoreError> {
    host::delete(key)
}

/// Removes all keys.
///
/// # Errors
/// As [`delete`].
pub fn clear() -> Result<(), StoreError> {
    host::clear()
}

/// The entries whose keys begin with `prefix`, in the order of the keys' bytes, from the first key after `after` on: at most `limit`, at
/// most 1,000, and at most 1 MiB of keys and values. It gives one entry at least if there is one, so an empty list is the end.
///
/// [`entries`] goes on by itself.
#[must_use]
pub fn list(prefix: &str, after: Option<&str>, limit: u32) -> Vec<(String, Vec<u8>)> {
    host::list(prefix, after, limit)
}

/// All entries whose keys begin with `prefix`, in the order of the keys' bytes. They are read in parts, as far as the iterator goes.
pub fn entries(prefix: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
    const PART: u32 = 100;
    let (prefix, mut part, mut after) = (prefix.to_owned(), Vec::new().into_iter(), None::<String>);
    std::iter::from_fn(move || {
        let next = part.next().or_else(|| {
            part = list(&prefix, after.as_deref(), PART).into_iter();
            part.next()
        })?;
        after = Some(next.0.clone());
        Some(next)
    })
}

/// The size of the store, with the writes of this handler.
#[must_use]
pub fn usage() -> StoreUsage {
    host::usage()
}
