//! The failure of a request behind an error of the client.

use std::error::Error;

use super::answer::{Cause, Failure};
use super::outlet::MAX_HEAD_BYTES;
use crate::log::in_short;

/// The failure behind an error of the client, or of the body of an answer.
pub(super) fn failure(error: &(dyn Error + 'static)) -> Failure {
    let mut next = Some(error);
    let mut innermost = error;
    while let Some(cause) = next {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.clone();
        }
        if cause.downcast_ref().is_some_and(hyper::Error::is_parse_too_large) {
            return head_too_big();
        }
        (innermost, next) = (cause, cause.source());
    }
    // Each error repeats in its own words what it wraps: the innermost one says most.
    Failure::new(Cause::Broken, format!("the connection failed: {}", in_short(&innermost.to_string())))
}

/// The headers of an answer are too large.
pub(super) fn head_too_big() -> Failure {
    Failure::new(Cause::TooBig, format!("the headers of the answer are larger than {MAX_HEAD_BYTES} bytes"))
}

/// The bodies of all requests together take as much memory as they may.
pub(super) fn no_memory(most: usize) -> Failure {
    let detail = format!("the bodies of all requests and answers together take the {most} bytes that this host allows");
    Failure::new(Cause::TooBig, detail)
}
