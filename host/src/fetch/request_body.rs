//! The body of a request that an app writes while it is sent.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

/// An error of a body.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;
/// The body of a request, as the app writes it.
pub type RequestBody = UnsyncBoxBody<Bytes, BodyError>;
