//! The interface `replies` outside a component.

use super::with;
use crate::bindings::app::ws_host::server::types::SendStatus;
pub(crate) use crate::bindings::requests::ws_host::server::replies::Head;
use crate::bindings::requests::ws_host::server::replies::{OpenRequest, RequestId, RespondError};

/// The answer to a plain HTTP request, as far as its client has got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body. That of an answer in chunks grows.
    pub body: Vec<u8>,
    /// Whether nothing follows.
    pub is_complete: bool,
    /// Whether the app has given it up: its client sees that it is incomplete.
    pub is_cut: bool,
}

impl Reply {
    fn is_open(&self) -> bool {
        !self.is_complete && !self.is_cut
    }
}

/// A client that waits for an answer, with what it has got of it.
#[derive(Debug, Default)]
pub(crate) struct Caller {
    pub(crate) reply: Option<Reply>,
    pub(crate) has_gone: bool,
}

impl Caller {
    pub(crate) fn waits(&self) -> bool {
        !self.has_gone && self.reply.as_ref().is_none_or(Reply::is_open)
    }
}

const OWN_HEADERS: [&str; 9] =
    ["connection", "content-length", "date", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

fn check(head: &Head<'_>) -> Result<(), RespondError> {
    let invalid = |why: String| Err(RespondError::Invalid(why));
    if !(200..600).contains(&head.status) {
        return invalid(format!("the status is {}, not one of 200 to 599", head.status));
    }
    let bytes: usize = head.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if head.headers.len() > 64 || bytes > 16 << 10 {
        return invalid(format!("there are {} headers of {bytes} bytes", head.headers.len()));
    }
    for (name, value) in head.headers {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return invalid(format!("the header name {name:?} is no token"));
        }
        if OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            return invalid(format!("the header {name} belongs to the connection: the host sets it itself"));
        }
        if value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
            return invalid(format!("the value of the header {name} has control characters"));
        }
    }
    Ok(())
}

/// Acts on the answer to a request, which has begun or has not.
fn with_caller<R>(
    id: RequestId,
    has_begun: bool,
    act: impl FnOnce(&mut Option<Reply>) -> Result<R, RespondError>,
) -> Result<R, RespondError> {
    with(|room| {
        let caller = room.callers.get_mut(&id).filter(|caller| caller.waits()).ok_or(RespondError::NoSuchRequest)?;
        if caller.reply.is_some() == has_begun { act(&mut caller.reply) } else { Err(RespondError::WrongOrder) }
    })
}

fn reply(head: &Head<'_>, body: &[u8], is_complete: bool) -> Reply {
    let headers = head.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect();
    Reply { status: head.status, headers, body: body.to_vec(), is_complete, is_cut: false }
}

#[expect(clippy::needless_pass_by_value, reason = "the generated function takes it so")]
pub(crate) fn respond(id: RequestId, head: Head<'_>, body: &[u8]) -> Result<(), RespondError> {
    with_caller(id, false, |got| {
        check(&head)?;
        if body.len() > 4 << 20 {
            return Err(RespondError::TooBig);
        }
        *got = Some(reply(&head, body, true));
        Ok(())
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the generated function takes it so")]
pub(crate) fn respond_begin(id: RequestId, head: Head<'_>) -> Result<(), RespondError> {
    with_caller(id, false, |got| {
        check(&head)?;
        *got = Some(reply(&head, &[], false));
        Ok(())
    })
}

pub(crate) fn respond_chunk(id: RequestId, bytes: &[u8]) -> Result<SendStatus, RespondError> {
    with_caller(id, true, |got| {
        if bytes.len() > 1 << 20 {
            return Err(RespondError::TooBig);
        }
        got.iter_mut().for_each(|reply| reply.body.extend_from_slice(bytes));
        Ok(SendStatus::Queued)
    })
}

pub(crate) fn respond_end(id: RequestId) -> Result<(), RespondError> {
    with_caller(id, true, |got| {
        got.iter_mut().for_each(|reply| reply.is_complete = true);
        Ok(())
    })
}

pub(crate) fn abort(id: RequestId) {
    with(|room| {
        let Some(caller) = room.callers.get_mut(&id).filter(|caller| caller.waits()) else { return };
        match &mut caller.reply {
            Some(reply) => reply.is_cut = true,
            // The host answers.
            None => caller.reply = Some(reply(&Head { status: 500, headers: &[] }, &[], true)),
        }
    });
}

pub(crate) fn list() -> Vec<OpenRequest> {
    with(|room| {
        let open = room.callers.iter().filter(|(_, caller)| caller.waits());
        open.map(|(id, caller)| OpenRequest { id: *id, has_begun: caller.reply.is_some() }).collect()
    })
}
