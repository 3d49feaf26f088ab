//! The server, as the routes of the API see it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use crate::handle::Handle;

/// The largest component that is uploaded, by default.
const MAX_UPLOAD_BYTES: usize = 128 << 20;

/// The API of one server, for its doors. A clone costs a reference count.
#[derive(Debug, Clone)]
pub struct Api {
    handle: Handle,
    max_upload: usize,
    /// One component is uploaded at a time, since it is held in memory.
    uploads: Arc<Semaphore>,
}

impl Api {
    /// The API of this server.
    pub fn new(handle: Handle) -> Self {
        Self { handle, max_upload: MAX_UPLOAD_BYTES, uploads: Arc::new(Semaphore::new(1)) }
    }

    /// The largest component that is uploaded, in bytes: 128 MiB by default.
    #[must_use]
    pub fn with_max_upload(self, max_upload: usize) -> Self {
        Self { max_upload, ..self }
    }

    /// The server.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The largest component that is uploaded, in bytes.
    pub(super) fn max_upload(&self) -> usize {
        self.max_upload
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// Another one goes on.
    pub(super) fn upload(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permit = Arc::clone(&self.uploads).try_acquire_owned();
        permit.map_err(|_| {
            Problem::unavailable("busy", "Busy", "another component is being uploaded: try again later").retry_after(1)
        })
    }
}
