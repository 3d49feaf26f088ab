//! How a server leaves its place to the next one: its admin socket when it shuts down, or all of it to a process that takes over.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::api::client::{Failure, Request};
use crate::api::problem::Problem;
use crate::api::takeover::{PATH, PROTOCOL, give};
use crate::handle::Handle;
use crate::socket_file;

/// How long the server that has the socket may take to say whether it shuts down.
const TAKE_OVER_TIMEOUT: Duration = Duration::from_secs(1);
/// The route. It is between servers, so the document does not describe it.
const LEAVE: [&str; 2] = ["socket", "leave"];

/// The routes by which the next server asks. `is_left` is true once the file of the socket is the next server's.
pub fn routes(handle: Handle, is_left: Arc<AtomicBool>) -> Router {
    let stopping = handle.clone();
    let leave = async move || {
        if stopping.is_stopping() {
            is_left.store(true, Relaxed);
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(Problem::conflict("in-use", "In use", "the server does not shut down"))
        }
    };
    let take_over = async move |request: axum::extract::Request| take_over(handle, request);
    Router::new().route(&format!("/{}", LEAVE.join("/")), post(leave)).route(PATH, post(take_over))
}

/// Leaves the connection to the takeover.
fn take_over(handle: Handle, mut request: axum::extract::Request) -> Response {
    if request.headers().get(UPGRADE).is_none_or(|protocol| protocol != PROTOCOL) {
        return Problem::bad_request(format!("it takes the header `Upgrade: {PROTOCOL}`")).into_response();
    }
    if handle.is_stopping() {
        return Problem::unavailable("stopping", "Stopping", "the server shuts down").into_response();
    }
    let Some(under_way) = handle.succession().begin() else {
        return Problem::conflict("refused", "Refused", "another process takes over already").into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await.map(hyper::upgrade::Upgraded::downcast::<TokioIo<UnixStream>>) {
            Ok(Ok(parts)) => give(parts.io.into_inner(), handle, under_way).await,
            Ok(Err(_)) => tracing::error!("no takeover: the connection is no Unix socket"),
            Err(error) => tracing::warn!("no takeover: {error}"),
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(CONNECTION, "upgrade"), (UPGRADE, PROTOCOL)]).into_response()
}

/// Removes the socket of a server that has ended or shuts down, and nothing else.
///
/// # Errors
/// Another server runs there (`AddrInUse`), or something else is there.
pub fn make_way(path: &Path) -> io::Result<()> {
    let Some(before) = socket_file::find(path)? else { return Ok(()) };
    match Request::internal(LEAVE).within(TAKE_OVER_TIMEOUT).send(path) {
        Ok(_) => tracing::info!("the admin socket is taken over from a server that shuts down"),
        Err(Failure::NotAsked(error)) if error.kind() == ErrorKind::PermissionDenied => return Err(error),
        // Nobody listens, or no longer.
        Err(Failure::NotAsked(error))
            if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::UnexpectedEof | ErrorKind::NotFound) => {}
        Err(_) => return Err(in_use()),
    }
    socket_file::remove(path, before).map_err(taken)
}

/// The error for a path that another server took meanwhile.
pub fn taken(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::AddrInUse { in_use() } else { error }
}

fn in_use() -> io::Error {
    io::Error::new(ErrorKind::AddrInUse, "another server has it")
}
