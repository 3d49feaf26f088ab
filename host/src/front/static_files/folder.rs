//! The folder of the files. Links on the way are followed as long as they stay in it.

use std::fs::OpenOptions;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use rustix::fs::OFlags;
use rustix::io::Errno;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File as FileOfBackend, Metadata};

/// The file of a folder that its path answers with.
pub const INDEX: &str = "index.html";

/// A folder. It is looked up anew for each file, so a link to it can be turned to another one while it is served.
#[derive(Debug, Clone)]
pub struct Folder(Arc<PathBuf>);

/// A file or a folder with an index.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    is_folder: bool,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// An open file. Its reads are done on the runtime's threads for blocking work.
#[derive(Debug)]
pub struct OpenFile(File, Found);

/// Work on a thread of its own.
type Later<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl Folder {
    /// The folder at this path.
    pub fn new(root: &Path) -> Self {
        Self(Arc::new(root.to_owned()))
    }

    fn find(&self, path: &Path) -> io::Result<Found> {
        let path = self.real(path)?;
        let metadata = path.metadata()?;
        if metadata.is_dir() {
            // No redirect leads to a folder without an index.
            self.find_file(&path.join(INDEX))?;
        } else if !metadata.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(Found { is_folder: metadata.is_dir(), bytes: metadata.len(), modified: metadata.modified().ok() })
    }

    /// Whether there is a file at this path.
    ///
    /// # Errors
    /// Not in this folder.
    pub fn find_file(&self, path: &Path) -> io::Result<()> {
        if self.real(path)?.metadata()?.is_file() { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
    }

    fn open_file(&self, path: &Path) -> io::Result<OpenFile> {
        let path = self.real(path)?;
        if !path.metadata()?.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        // All links are resolved: one that is put there meanwhile is not followed. Nor is the writer of a pipe waited for.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW).bits();
        let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        let found = Found { is_folder: false, bytes: metadata.len(), modified: metadata.modified().ok() };
        Ok(OpenFile(File::from_std(file), found))
    }

    /// The path without links. Outside of the folder there is nothing.
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        let real = path.canonicalize()?;
        if real.starts_with(self.0.canonicalize()?) {
            return Ok(real);
        }
        tracing::debug!("{} leads out of the folder of static files, and is not served", path.display());
        Err(ErrorKind::NotFound.into())
    }

    fn aside<T: Send + 'static>(
        &self,
        path: PathBuf,
        work: impl FnOnce(&Self, &Path) -> io::Result<T> + Send + 'static,
    ) -> Later<T> {
        let folder = self.clone();
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || work(&folder, &path)).await;
            done.map_err(io::Error::other)?.map_err(missing)
        })
    }
}

/// A path that can name no file names none.
fn missing(error: io::Error) -> io::Error {
    let kind = error.kind();
    let is_missing = matches!(kind, ErrorKind::NotADirectory | ErrorKind::InvalidFilename | ErrorKind::InvalidInput)
        || error.raw_os_error() == Some(Errno::LOOP.raw_os_error());
    if is_missing { ErrorKind::NotFound.into() } else { error }
}

impl Backend for Folder {
    type File = OpenFile;
    type Metadata = Found;
    type OpenFuture = Later<OpenFile>;
    type MetadataFuture = Later<Found>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        self.aside(path, Self::open_file)
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        self.aside(path, Self::find)
    }
}

impl FileOfBackend for OpenFile {
    type Metadata = Found;
    type MetadataFuture<'a> = std::future::Ready<io::Result<Found>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        std::future::ready(Ok(self.1))
    }
}

impl Metadata for Found {
    fn is_dir(&self) -> bool {
        self.is_folder
    }

    fn modified(&self) -> io::Result<SystemTime> {
        self.modified.ok_or_else(|| ErrorKind::Unsupported.into())
    }

    fn len(&self) -> u64 {
        self.bytes
    }
}

impl AsyncRead for OpenFile {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncSeek for OpenFile {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.0).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.0).poll_complete(cx)
    }
}
