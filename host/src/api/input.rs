//! The checked parts of a request: its query, its path, its body. A mistake is a problem that names it.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use crate::types::ClientId;

/// The longest body of JSON, in bytes.
const MAX_JSON_BYTES: usize = 64 << 10;
/// How long a body may take, and the bytes for which it may take a second longer: 16 KiB/s is a slow line. A limit for the whole body would have to
/// be long enough for the largest upload, and one between two pieces would let a body last for days.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const BYTES_A_SECOND: usize = 16 << 10;
/// The media type of JSON.
pub const JSON: &str = "application/json";

/// The query of a request. Each unknown key is a mistake if the type says so (`deny_unknown_fields`).
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        query
            .map(|query| Self(query.0))
            .map_err(|error| Problem::bad_request(format!("the query is wrong: {}", error.body_text())))
    }
}

/// The variable parts of a request's path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|error| Problem::bad_request(format!("the path is wrong: {}", error.body_text())))
    }
}

/// The body of a request, as JSON.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json(request).await.map(Self)
    }
}

/// Reads the body of a request as JSON.
///
/// # Errors
/// It is of another type, or not what the type says.
pub async fn json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    if media_type(request.headers()) != Some(JSON) {
        return Err(Problem::unsupported_media_type(format!("the body must be of the type {JSON}")));
    }
    let body = read(request.into_body(), MAX_JSON_BYTES).await?;
    serde_json::from_slice(&body).map_err(|error| Problem::bad_request(format!("the body is wrong: {error}")))
}

/// Reads a body whole.
///
/// # Errors
/// It is longer than this many bytes, it is too slow, or the connection ends before it.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    // One that tells its length is refused before it is sent.
    if body.size_hint().lower() > limit as u64 {
        return Err(Problem::too_large(limit));
    }
    read_within(body, limit, BODY_TIMEOUT).await
}

/// Reads a body whole. It may take `first`, and longer the more of it has come.
async fn read_within(body: Body, limit: usize, first: Duration) -> Result<Bytes, Problem> {
    let (mut body, mut whole, begun) = (Limited::new(body, limit), Vec::new(), Instant::now());
    loop {
        let next = timeout_at(begun + time_for(first, whole.len()), body.frame()).await;
        match next.map_err(|_| Problem::too_slow(whole.len()))? {
            None => return Ok(whole.into()),
            // Trailers are not data.
            Some(Ok(frame)) => whole.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Some(Err(error)) if error.is::<LengthLimitError>() => return Err(Problem::too_large(limit)),
            Some(Err(error)) => return Err(Problem::bad_request(format!("the body has no end: {error}"))),
        }
    }
}

/// How long a body may take of which this many bytes have come.
fn time_for(first: Duration, bytes: usize) -> Duration {
    first + Duration::from_secs((bytes / BYTES_A_SECOND) as u64)
}

/// The media type of a request's body, without its parameters.
pub fn media_type(headers: &axum::http::HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

/// The part of a list that is asked for. A list is in order, and each answer says in `next` what to ask for next.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page<After: ToSchema> {
    /// The part begins behind this, which is `next` of the answer before. By default it is the first part.
    pub after: Option<After>,
    /// The longest part that is asked for: from 1 to 1000, by default 100.
    #[serde(default)]
    #[param(value_type = usize, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
}

impl<After: ToSchema> Page<After> {
    /// The length of the part.
    pub fn limit(&self) -> usize {
        self.limit.0
    }
}

impl Page<i64> {
    /// The client behind which the part begins. An id is an `int64` of OpenAPI, and none is as large as that.
    pub fn after_client(&self) -> Option<ClientId> {
        self.after.map(|after| u64::try_from(after).unwrap_or_default().into())
    }
}

/// The length of a part of a list.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "usize")]
struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<usize> for Limit {
    type Error = &'static str;

    fn try_from(limit: usize) -> Result<Self, Self::Error> {
        if (1..=1000).contains(&limit) { Ok(Self(limit)) } else { Err("the limit must be from 1 to 1000") }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt, stream};

    use super::*;

    #[test]
    fn a_body_may_take_half_a_minute_and_longer_the_more_of_it_has_come() {
        for (bytes, seconds) in [(0, 30), (16_383, 30), (16_384, 31), (64 << 10, 34), (128 << 20, 8_222)] {
            assert_eq!(time_for(BODY_TIMEOUT, bytes), Duration::from_secs(seconds), "{bytes} bytes");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_there_in_time_is_refused_also_when_it_has_begun() {
        let read = |body| read_within(body, 100, Duration::ZERO);
        let begun = stream::once(async { Ok::<_, Infallible>("a piece") });
        for stalled in
            [Body::from_stream(stream::pending::<Result<&str, Infallible>>()), Body::from_stream(begun.chain(stream::pending()))]
        {
            let problem = read(stalled).await.expect_err("it has no end");
            assert_eq!((problem.status, problem.code.as_str()), (408, "too-slow"));
        }
        assert_eq!(read(Body::from("all of it")).await, Ok("all of it".into()));
    }
}
