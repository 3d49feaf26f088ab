//! The spans of requests, with the attributes of OpenTelemetry's conventions for HTTP clients.

use hyper::{Method, Uri};

use super::answer::{Answer, BodyPart, Cause, Failure};
use super::target::Target;
use crate::trace::{Context, Kind, Span};

/// Begins the span of a request that a handler with this context sends.
pub(super) fn begin(parent: &Context, method: &Method, uri: &Uri) -> Span {
    let mut span = parent.begin(method.as_str().to_owned(), Kind::Client);
    if span.is_recorded() {
        span.set("http.request.method", method.as_str().to_owned());
        if let Ok(target) = Target::of(uri) {
            span.set("server.address", target.host.to_string());
            span.set("server.port", i64::from(target.port));
        }
        // Without the query, which may have keys and tokens.
        span.set("url.full", uri.to_string().split('?').next().unwrap_or_default().to_owned());
    }
    span
}

/// Notes the status of an answer.
pub(super) fn note_status(span: &mut Span, status: u16) {
    span.set("http.response.status_code", i64::from(status));
    if status >= 400 {
        span.fail(status.to_string(), "");
    }
}

/// Notes that no answer comes, or not all of it.
pub(super) fn note_failure(span: &mut Span, failure: &Failure) {
    span.fail(cause(failure.cause), failure.detail.clone());
}

/// Notes what an answer tells.
pub(super) fn note(span: Option<&mut Span>, answer: &Answer) {
    let Some(span) = span else { return };
    match answer {
        Answer::Response(Ok(response)) => note_status(span, response.status),
        Answer::Response(Err(failure)) | Answer::Part(BodyPart::Failed(failure)) => note_failure(span, failure),
        Answer::Part(_) => {}
    }
}

/// A kind of failure.
fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Denied => "denied",
        Cause::Unresolved => "unresolved",
        Cause::Unreachable => "unreachable",
        Cause::Tls => "tls",
        Cause::Timeout => "timeout",
        Cause::TooBig => "too_big",
        Cause::Broken => "broken",
        Cause::Interrupted => "interrupted",
    }
}
