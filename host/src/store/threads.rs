//! The threads of a database, as its handles share them.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::job::{Job, Jobs};
use super::readers::Readers;
use super::space::Space;

/// The threads of an open database.
#[derive(Debug)]
pub(super) struct Threads {
    pub(super) jobs: Jobs,
    pub(super) readers: Readers,
    pub(super) space: Arc<Space>,
    pub(super) writer: Mutex<Option<JoinHandle<()>>>,
}

impl Threads {
    /// Ends the threads behind the jobs that wait, and waits for them.
    pub(super) fn close(&self) {
        self.readers.end();
        self.readers.wait();
        self.jobs.submit(Job::Close);
        if let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A thread that panicked has told it by its panic.
            let _ = writer.join();
        }
    }
}

impl Drop for Threads {
    /// Does not wait: a report or an answer can be the last to drop a handle, on one of these threads.
    fn drop(&mut self) {
        self.readers.end();
        self.jobs.submit(Job::Close);
    }
}
