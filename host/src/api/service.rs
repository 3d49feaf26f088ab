//! The server, as the routes of the API see it.

use std::sync::Arc;

use crate::handle::Handle;

/// The API of one server, for its doors. A clone costs a reference count.
#[derive(Debug, Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    handle: Handle,
}

impl Api {
    /// The API of this server.
    pub fn new(handle: Handle) -> Self {
        Self { inner: Arc::new(Inner { handle }) }
    }

    /// The server.
    pub fn handle(&self) -> &Handle {
        &self.inner.handle
    }
}
