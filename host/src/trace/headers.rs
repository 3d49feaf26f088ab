//! A context in the headers of HTTP (W3C Trace Context).

use hyper::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::propagation::TraceContextPropagator;

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";
/// The most bytes of a `tracestate` that are passed on: those that the standard asks for (W3C Trace Context §3.3.1.5). A longer one is left out, whole.
const MAX_STATE_BYTES: usize = 512;

/// The two headers of a request.
struct Carried<'a> {
    parent: &'a str,
    state: String,
}

impl Extractor for Carried<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            PARENT => Some(self.parent),
            STATE => Some(&self.state),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![PARENT, STATE]
    }
}

/// The context that a request comes with, if it is valid.
pub(super) fn read(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all(PARENT).into_iter();
    let (Some(parent), None) = (parents.next(), parents.next()) else { return None };
    // The header may come several times (§3.3.1).
    let states: Option<Vec<_>> = headers.get_all(STATE).into_iter().map(|state| state.to_str().ok()).collect();
    let state = states.unwrap_or_default().join(",");
    let state = if state.len() > MAX_STATE_BYTES { String::new() } else { state };
    let carried = Carried { parent: parent.to_str().ok()?, state };
    let context = TraceContextPropagator::new().extract_with_context(&opentelemetry::Context::new(), &carried);
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

/// Adds a context to the headers of a request, unless they have one.
pub(super) fn write(span: &SpanContext, headers: &mut HeaderMap) {
    if headers.contains_key(PARENT) || !span.is_valid() {
        return;
    }
    let context = opentelemetry::Context::new().with_remote_span_context(span.clone());
    TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(headers));
    if headers.get(STATE).is_some_and(hyper::header::HeaderValue::is_empty) {
        headers.remove(STATE);
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_str(value).expect("the test's value is valid"));
        }
        headers
    }

    fn passed_on(given: &[(&'static str, &str)], mut to: HeaderMap) -> (Option<String>, Option<String>) {
        if let Some(span) = read(&headers(given)) {
            write(&span, &mut to);
        }
        let text = |name| to.get(name).map(|value: &HeaderValue| value.to_str().expect("it is text").to_owned());
        (text(PARENT), text(STATE))
    }

    #[test]
    fn a_context_is_read_and_written_with_its_state() {
        let given = [(PARENT, VALID), (STATE, "a=1"), (STATE, "b=2")];
        assert_eq!(passed_on(&given, HeaderMap::new()), (Some(VALID.into()), Some("a=1,b=2".into())));
        assert_eq!(passed_on(&[(PARENT, VALID)], HeaderMap::new()), (Some(VALID.into()), None));
        let unsampled = VALID.replace("-01", "-00");
        assert_eq!(passed_on(&[(PARENT, &unsampled)], HeaderMap::new()).0, Some(unsampled));
    }

    #[test]
    fn headers_that_break_the_standard_are_no_context() {
        for parent in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert!(read(&headers(&[(PARENT, parent)])).is_none(), "{parent}");
        }
        assert!(read(&headers(&[(PARENT, VALID), (PARENT, VALID)])).is_none());
        assert!(read(&headers(&[(STATE, "a=1")])).is_none());
    }

    #[test]
    fn a_state_that_is_too_long_is_left_out_whole() {
        let long = format!("a={}", "x".repeat(MAX_STATE_BYTES));
        assert_eq!(passed_on(&[(PARENT, VALID), (STATE, &long)], HeaderMap::new()), (Some(VALID.into()), None));
    }

    #[test]
    fn a_context_that_the_request_names_itself_stays() {
        let own = VALID.replace("0af", "1af");
        let to = headers(&[(PARENT, &own)]);
        assert_eq!(passed_on(&[(PARENT, VALID), (STATE, "a=1")], to), (Some(own), None));
    }
}
