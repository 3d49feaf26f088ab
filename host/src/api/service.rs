//! The server, as the routes of the API see it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use utoipa::ToSchema;

use super::problem::Problem;
use crate::handle::Handle;

/// The largest component that is uploaded, by default.
const MAX_UPLOAD_BYTES: usize = 128 << 20;

/// The outcome of a reload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReloadReport {
    /// The settings that the server has taken on, by name. `file` is the component too.
    pub changed: Vec<String>,
    /// The settings that differ and that a server takes on only when it starts.
    pub needs_restart: Vec<String>,
}

/// A request to read the settings again: the way of its answer. A refusal is one line that says what is wrong and where.
pub type ReloadRequest = oneshot::Sender<Result<ReloadReport, String>>;

/// The API of one server, for its doors. A clone costs a reference count.
#[derive(Debug, Clone)]
pub struct Api {
    handle: Handle,
    max_upload: usize,
    /// One component is uploaded at a time, since it is held in memory.
    uploads: Arc<Semaphore>,
    /// Where the owner of the server's settings takes requests to read them again.
    reloads: Option<mpsc::Sender<ReloadRequest>>,
}

impl Api {
    /// The API of this server.
    pub fn new(handle: Handle) -> Self {
        Self { handle, max_upload: MAX_UPLOAD_BYTES, uploads: Arc::new(Semaphore::new(1)), reloads: None }
    }

    /// The largest component that is uploaded, in bytes: 128 MiB by default.
    #[must_use]
    pub fn with_max_upload(self, max_upload: usize) -> Self {
        Self { max_upload, ..self }
    }

    /// Where the owner of the server's settings takes requests to read them again. By default the route refuses.
    #[must_use]
    pub fn with_reloads(self, reloads: mpsc::Sender<ReloadRequest>) -> Self {
        Self { reloads: Some(reloads), ..self }
    }

    /// The server.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Where requests to read the settings again go.
    pub(super) fn reloads(&self) -> Option<&mpsc::Sender<ReloadRequest>> {
        self.reloads.as_ref()
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
