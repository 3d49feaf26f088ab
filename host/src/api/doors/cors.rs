//! Pages of other origins (CORS, Fetch §3.2). By default the API tells browsers nothing, so that they let no such page ask with a token or read an answer.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::error::Error;
use crate::front::OriginPolicy;

const METHODS: &str = "GET, HEAD, POST, PUT, DELETE";
const HEADERS: &str = "authorization, content-type, last-event-id";
/// In seconds: as long as browsers keep it at most.
const MAX_AGE: &str = "7200";

/// The origins whose pages may use the API.
#[derive(Debug)]
pub struct Cors {
    policy: Option<OriginPolicy>,
}

impl Cors {
    /// Admits these origins.
    ///
    /// # Errors
    /// A text is no origin.
    pub fn new(origins: Vec<String>) -> Result<Self, Error> {
        OriginPolicy::check(&origins)?;
        // No page of the server's own needs it: the browser asks for another origin alone.
        Ok(Self { policy: (!origins.is_empty()).then(|| OriginPolicy::new(origins, true)) })
    }

    /// The origin of a request, if its page may use the API.
    pub fn admitted(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.policy.as_ref()?.admits(origin.to_str().ok(), None).then(|| origin.clone())
    }

    /// The answer to a browser that asks before the request, if this is one (a preflight), from an admitted origin.
    pub fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let origin = self.admitted(headers)?;
        let told =
            [(ACCESS_CONTROL_ALLOW_METHODS, METHODS), (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS), (ACCESS_CONTROL_MAX_AGE, MAX_AGE)];
        let mut answer = (StatusCode::NO_CONTENT, told).into_response();
        self.tell(Some(origin), &mut answer);
        Some(answer)
    }

    /// Adds to an answer whether the page may read it.
    pub fn tell(&self, admitted: Option<HeaderValue>, answer: &mut Response) {
        if self.policy.is_none() {
            return;
        }
        answer.headers_mut().append(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = admitted {
            answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    }
}
