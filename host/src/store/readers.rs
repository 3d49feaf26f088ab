//! The reader threads, each with a connection that only reads.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection;
use super::error::{OpenError, ReadError};

/// Reads are short, and pages of the file are in the system's memory: two threads keep one long read from holding up all others.
const THREADS: usize = 2;

/// A read, as the thread runs it. A room has at most one at a time, because its handler waits for it, so the rooms bound the queue.
type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the reader threads.
#[derive(Debug)]
pub(super) struct Readers {
    reads: Mutex<Option<Sender<Read>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// Starts the threads.
    pub(super) fn start(file: &Path, folder: &Path) -> Result<Self, OpenError> {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for _ in 0..THREADS {
            let connection = connection::for_reading(file).map_err(|source| OpenError::database(file, source))?;
            let reads = Arc::clone(&receiver);
            let thread = std::thread::Builder::new().name("store-reader".into()).spawn(move || serve(&connection, &reads));
            threads.push(thread.map_err(|source: io::Error| OpenError::Folder { folder: folder.to_owned(), source })?);
        }
        Ok(Self { reads: Mutex::new(Some(sender)), threads: Mutex::new(threads) })
    }

    /// Runs a read on one of the threads.
    pub(super) fn read<T: Send + 'static, R: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static>(
        &self,
        read: R,
    ) -> impl Future<Output = Result<T, ReadError>> + Send + use<T, R> {
        let (answer, answered) = oneshot::channel();
        let job: Read = Box::new(move |connection| {
            // An error means that nobody waits any more.
            let _ = answer.send(read(connection).map_err(ReadError::from));
        });
        if let Some(reads) = &*self.reads.lock().unwrap_or_else(PoisonError::into_inner) {
            // An error means that the threads have ended, and drops the answer's sender.
            let _ = reads.send(job);
        }
        async move { answered.await.unwrap_or(Err(ReadError::Closed)) }
    }

    /// Lets the threads end behind the reads that wait. Later ones fail.
    pub(super) fn end(&self) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Waits until the threads have ended.
    pub(super) fn wait(&self) {
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // A thread that panicked has told it by its panic.
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, reads: &Mutex<Receiver<Read>>) {
    loop {
        let next = reads.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(read) => read(connection),
            Err(mpsc::RecvError) => return,
        }
    }
}
