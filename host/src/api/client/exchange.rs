//! One request and its answer, over the admin socket of a server that is believed.

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use axum::http::header::{CONTENT_TYPE, HOST};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::failure::Failure;
use super::request::Request;
use crate::api::problem::Problem;
use crate::api::trust::{self, Trusted, denied};

impl Request {
    /// Asks the server at this socket. Blocks until it has answered.
    ///
    /// # Errors
    /// The server cannot be asked, or refuses.
    pub fn ask<T: DeserializeOwned>(self, socket: &Path) -> Result<T, Failure> {
        let answer = self.send(socket)?;
        let unexpected = |error| Failure::NotAsked(io::Error::new(ErrorKind::InvalidData, error));
        serde_json::from_slice::<T>(&answer).map_err(unexpected)
    }

    /// The same for an answer that is no JSON, or is not of interest. Returns its body.
    ///
    /// # Errors
    /// As [`Request::ask`].
    pub fn send(self, socket: &Path) -> Result<Bytes, Failure> {
        exchange_blocking(socket, self)
    }
}

fn exchange_blocking(socket: &Path, request: Request) -> Result<Bytes, Failure> {
    on_a_thread(|| exchange_in_time(socket, request))
}

/// Waits for a future on a thread of its own: the caller may be within a runtime, where nothing may block on another one.
pub(super) fn on_a_thread<T: Send, F: Future<Output = Result<T, Failure>>>(
    future: impl FnOnce() -> F + Send,
) -> Result<T, Failure> {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future());
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, run)?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that asks has panicked").into()))
    })
}

async fn exchange_in_time(socket: &Path, request: Request) -> Result<Bytes, Failure> {
    let within = request.within;
    let exchange = exchange(socket, request);
    match within {
        Some(time) => tokio::time::timeout(time, exchange).await.unwrap_or_else(|late| Err(io::Error::from(late).into())),
        None => exchange.await,
    }
}

async fn exchange(socket: &Path, request: Request) -> Result<Bytes, Failure> {
    let stream = connect(socket).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let (media_type, body) = request.content.map_or((None, Bytes::new()), |(media_type, body)| (Some(media_type), body));
    let mut http = hyper::Request::builder().method(request.method).uri(request.target).header(HOST, "localhost");
    if let Some(media_type) = media_type {
        http = http.header(CONTENT_TYPE, media_type);
    }
    let http = http.body(Full::new(body)).map_err(io::Error::other)?;
    let answered = async {
        let (head, body) = sender.send_request(http).await.map_err(broken)?.into_parts();
        Ok::<_, io::Error>((head, body.collect().await.map_err(broken)?.to_bytes()))
    };
    let mut connection = std::pin::pin!(connection);
    let mut answered = std::pin::pin!(answered);
    let (head, body) = tokio::select! {
        answer = &mut answered => answer,
        // Its error reaches the request too.
        _ = &mut connection => answered.await,
    }?;
    if head.status.is_success() {
        return Ok(body);
    }
    let problem = serde_json::from_slice::<Problem>(&body);
    Err(Failure::Refused(problem.map_err(|_| {
        let detail = format!("unexpected answer with the status {}", head.status);
        io::Error::new(ErrorKind::InvalidData, detail)
    })?))
}

/// Connects to a server that is believed.
pub(super) async fn connect(socket: &Path) -> io::Result<UnixStream> {
    let trusted = trust::check(trust::folder_of(socket))?;
    check_file(socket, trusted)?;
    let stream = UnixStream::connect(socket).await?;
    // The folder may have changed since. This is the user that listens, whatever the names lead to (unix(7), SO_PEERCRED).
    believe(trusted, stream.peer_cred()?.uid(), "it is served by another user")?;
    Ok(stream)
}

fn check_file(socket: &Path, trusted: Trusted) -> io::Result<()> {
    let found = socket.symlink_metadata()?;
    if found.is_symlink() {
        return Err(denied("it is a link, which another user may have made: name the socket itself"));
    }
    believe(trusted, found.uid(), "it belongs to another user")
}

fn believe(trusted: Trusted, uid: u32, otherwise: &str) -> io::Result<()> {
    if trusted.include(uid) { Ok(()) } else { Err(denied(format!("{otherwise} (uid {uid})"))) }
}

/// Tells a connection that ended without an answer from others: the server may have ended just then.
fn broken(error: hyper::Error) -> io::Error {
    let ended = || io::Error::new(ErrorKind::UnexpectedEof, "it has ended without an answer");
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() { ended() } else { io::Error::other(error) }
}
