//! The answer to a request with a file.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header, request::Parts};
use tokio::sync::Semaphore;
use tower_http::services::ServeDir;
use tower_http::services::fs::DefaultServeDirFallback;

use super::folder::Folder;
use super::live::{Live, length};
use super::name;
use crate::error::Error;
use crate::front::file_body::FileBody;
use crate::front::notice::Notice;
use crate::front::progress::Progress;
use crate::front::reply::{self, Reply};
use crate::front::reply_body::ReplyBody;
use crate::front::upgrade::Refusal;
use crate::log::{LogThrottle, printable};

/// How much is read at a time. A slow client has two such pieces, one in HTTP's buffer and one of the file.
const PIECE_BYTES: usize = 32 << 10;
/// The memory that a file counts for while it is sent: these pieces, and the one that its thread reads into.
const FILE_BYTES: usize = 4 * PIECE_BYTES;
/// How many files are sent at least, whatever the limit on memory.
const LEAST_AT_ONCE: usize = 64;

/// The headers of a condition or of a part.
const CONDITIONS: [HeaderName; 6] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::RANGE,
];

/// A reply whose body is a file.
type FileReply = Response<tower_http::services::fs::ServeFileSystemResponseBody>;

/// The files of a folder.
#[derive(Debug)]
pub struct Files {
    service: ServeDir<DefaultServeDirFallback, Folder>,
    /// Bounds how many are sent at once.
    sending: Arc<Semaphore>,
    /// Of a development server.
    live: Option<Live>,
    unreadable: LogThrottle,
}

impl Files {
    /// The files of this folder. Those that are sent at once hold up to about this much memory. With a notice, pages show it and follow changes.
    pub fn new(root: &Path, memory_bytes: usize, notice: Option<Notice>) -> Arc<Self> {
        let service =
            ServeDir::with_backend(root, Folder::new(root)).with_buf_chunk_size(PIECE_BYTES).ignore_multi_range_requests(true);
        let service =
            if notice.is_some() { service } else { service.precompressed_br().precompressed_zstd().precompressed_gzip() };
        let sending = Arc::new(Semaphore::new((memory_bytes / FILE_BYTES).clamp(LEAST_AT_ONCE, Semaphore::MAX_PERMITS)));
        Arc::new(Self { service, sending, live: notice.map(Live::new), unreadable: LogThrottle::one("unreadable static files") })
    }

    /// Checks that the folder is there, and the file in it that answers for missing ones.
    ///
    /// # Errors
    /// One of them is not.
    pub fn check(root: &Path, fallback: Option<&str>) -> Result<(), Error> {
        let unusable = |source| Error::StaticFiles { path: root.to_owned(), source };
        if !root.metadata().map_err(unusable)?.is_dir() {
            return Err(unusable(ErrorKind::NotADirectory.into()));
        }
        let Some(fallback) = fallback else { return Ok(()) };
        let path = root.join(fallback.trim_start_matches('/'));
        let is_public = name::is_public(&name::path_of(fallback));
        if is_public && Folder::new(root).find_file(&path).is_ok() { Ok(()) } else { Err(Error::StaticFallback(path)) }
    }

    /// The reply with the file of this path, which is in its normal form. `None` without such a file.
    pub async fn reply(&self, path: &str, asked: &Parts, progress: &Arc<Progress>) -> Option<Reply> {
        let query = asked.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut request = Request::builder().method(asked.method.clone()).uri(format!("{path}{query}")).body(()).ok()?;
        *request.headers_mut() = self.headers(&asked.headers);
        let reply = match self.ask(request).await {
            Ok(reply) if reply.status() == StatusCode::NOT_FOUND => return None,
            Ok(reply) => reply,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => return Some(self.refuse(path, &error)),
        };
        let (mut head, body) = reply.into_parts();
        complete(&mut head.headers);
        if let Some(live) = &self.live {
            head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            if live.changes(&head) {
                return Some(live.page(head, body).await);
            }
        }
        let bytes = length(&head.headers);
        let body = if body.is_end_stream() || bytes == Some(0) {
            ReplyBody::default()
        } else {
            let Ok(permit) = Arc::clone(&self.sending).try_acquire_owned() else { return Some(reply::refusal(&busy())) };
            // The file tells its length. Anything else is a short text.
            let bytes = bytes.unwrap_or_else(|| body.size_hint().lower());
            let held = progress.hold();
            held.wait();
            ReplyBody::OfFile(Box::new(FileBody::new(body.map_err(io::Error::other).boxed_unsync(), bytes, permit, held)))
        };
        Some(Reply::from_parts(head, body))
    }

    /// Asks for the file, and again for all of it if the client has a part of another version (RFC 9110 §13.1.5).
    async fn ask(&self, request: Request<()>) -> io::Result<FileReply> {
        let Some(condition) = request.headers().get(header::IF_RANGE).cloned() else { return self.call(request).await };
        let reply = self.call(request.clone()).await?;
        let is_part = matches!(reply.status(), StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE);
        let is_same = [header::ETAG, header::LAST_MODIFIED].iter().any(|name| reply.headers().get(name) == Some(&condition));
        if !is_part || is_same {
            return Ok(reply);
        }
        let mut whole = request;
        whole.headers_mut().remove(header::RANGE);
        self.call(whole).await
    }

    async fn call(&self, request: Request<()>) -> io::Result<FileReply> {
        let request = request.map(|()| http_body_util::Empty::<Bytes>::new());
        self.service.clone().try_call(request).await
    }

    /// The headers that count. Under a development server a file has no versions, since pages are changed on the way.
    fn headers(&self, asked: &HeaderMap) -> HeaderMap {
        let mut headers = asked.clone();
        // A range in another unit is ignored (RFC 9110 §14.2).
        let is_bytes = asked.get(header::RANGE).is_some_and(|range| range.as_bytes().starts_with(b"bytes="));
        if !is_bytes {
            headers.remove(header::RANGE);
        }
        if self.live.is_some() {
            CONDITIONS.iter().for_each(|name| drop(headers.remove(name)));
        }
        headers
    }

    fn refuse(&self, path: &str, error: &io::Error) -> Reply {
        if let Some(more) = self.unreadable.allows(Instant::now()) {
            tracing::warn!("the static file of {} cannot be read: {error}{more}", printable(path));
        }
        let refused = match error.kind() {
            ErrorKind::PermissionDenied => Refusal::new(StatusCode::FORBIDDEN, "the server may not read this file"),
            _ => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the server cannot read this file"),
        };
        reply::refusal(&refused)
    }
}

/// Completes the headers of a file: its text is UTF-8, its type is not guessed, and a cache asks whether it has changed.
fn complete(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // The type of scripts has been renamed (RFC 9239 §6).
    let kind = if kind == "application/javascript" { "text/javascript" } else { kind };
    if kind.starts_with("text/")
        && !kind.contains("charset")
        && let Ok(kind) = HeaderValue::from_str(&format!("{kind}; charset=utf-8"))
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
}

fn busy() -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the server sends too many files")
}

#[cfg(test)]
mod tests;
