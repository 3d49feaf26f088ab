//! WASI's `wasi:http/outgoing-handler` over the room's client: the requests that a guest waits for.
//!
//! `wasmtime-wasi-http` has the types and the waiting. `send_request` is its one hook: the rules, limits and connections are those of
//! `ws-host:server/http`.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::header::{EXPECT, HeaderName, TE, TRAILER};
use hyper::{Request, Response};
use wasmtime::component::Linker;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use super::state::GuestState;
use crate::fetch::{Cause, DirectError, Failure, FetchError};
use crate::room::Room;

/// The most that a guest writes into the body of a request at once.
const WRITTEN_BYTES: usize = 64 << 10;

type Sending = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

/// Adds the interfaces `outgoing-handler` and `types`.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.http_view()
    }
}

impl WasiHttpHooks for Room {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        is_forbidden(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(is_forbidden)
    }

    fn set_host_header(&mut self) -> bool {
        // The client does, from the URL.
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sending> + Send> {
        let (head, body) = request.into_parts();
        let begun = self.begin_direct(head, times(options.unwrap_or_default()));
        Box::new(async move {
            let direct = begun.map_err(refused)?;
            let (answer, watch) = direct.send(body.map_err(Into::into).boxed_unsync()).await.map_err(failed)?;
            let answer = answer.map(|body| body.map_err(failed).boxed_unsync());
            let watch = async move {
                watch.await;
                Ok(())
            };
            Ok((answer, Box::new(watch) as Box<_>))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        WRITTEN_BYTES
    }
}

/// Whether a header belongs to the host. The guest may say how long its body is.
fn is_forbidden(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name) || [EXPECT, TE, TRAILER].contains(name)
}

/// The times until the head of the answer, and until each piece of its body.
fn times(options: RequestOptions) -> (Duration, Duration) {
    let time = |time: Option<Duration>| time.unwrap_or(Duration::MAX);
    (time(options.connect_timeout).saturating_add(time(options.first_byte_timeout)), time(options.between_bytes_timeout))
}

/// The error code of a request that was not accepted.
fn refused(error: FetchError) -> Error {
    match error {
        FetchError::Denied(_) => Error::HttpRequestDenied,
        FetchError::RoomFull | FetchError::TotalFull | FetchError::Limit => Error::ConnectionLimitReached,
        // No other error code has a text.
        FetchError::Invalid(why) | FetchError::TooBig(why) => Error::InternalError(Some(why)),
    }
}

/// The error code of a request that has failed.
fn failed(error: DirectError) -> Error {
    let Failure { cause, detail } = match error {
        DirectError::RequestTooBig(most) => return Error::HttpRequestBodySize(Some(most as u64)),
        DirectError::AnswerTooBig(most) => return Error::HttpResponseBodySize(Some(most as u64)),
        DirectError::Failed(failure) => failure,
    };
    match cause {
        Cause::Denied => Error::DestinationIpProhibited,
        Cause::Unresolved => Error::DnsError { rcode: Some(detail), info_code: None },
        Cause::Unreachable => Error::ConnectionRefused,
        Cause::Tls => Error::TlsProtocolError,
        Cause::Timeout => Error::HttpResponseTimeout,
        Cause::TooBig => Error::HttpResponseHeaderSectionSize(None),
        Cause::Broken | Cause::Interrupted => Error::HttpProtocolError,
    }
}
