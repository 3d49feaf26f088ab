//! The rules for the settings of traces.

use hyper::Uri;

use crate::config::Traces;
use crate::error::Error;

/// The path of the protocol, below that of the collector.
const PATH: &str = "/v1/traces";

impl Traces {
    /// The URL that spans are sent to.
    ///
    /// # Errors
    /// It is no URL of a collector, or the part is not between 0 and 1.
    pub fn endpoint(&self) -> Result<Uri, Error> {
        if self.sample.is_some_and(|sample| !(0.0..=1.0).contains(&sample)) {
            return Err(Error::OtlpSample(self.sample.unwrap_or_default()));
        }
        let invalid = || Error::Otlp(self.url.clone());
        let uri: Uri = self.url.parse().map_err(|_| invalid())?;
        let (Some("http" | "https"), Some(authority), None) = (uri.scheme_str(), uri.authority(), uri.query()) else {
            return Err(invalid());
        };
        // A header carries them, see the guide.
        if authority.as_str().contains('@') {
            return Err(invalid());
        }
        let url = self.url.split('#').next().unwrap_or_default().trim_end_matches('/');
        let whole = if url.ends_with(PATH) { url.to_owned() } else { format!("{url}{PATH}") };
        whole.parse().map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Option<String> {
        Traces { url: url.to_owned(), sample: None }.endpoint().ok().map(|uri| uri.to_string())
    }

    #[test]
    fn the_path_of_the_protocol_is_below_that_of_the_collector() {
        for (url, expected) in [
            ("http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
            ("https://example.com/otlp", "https://example.com/otlp/v1/traces"),
            ("http://[::1]:4318/v1/traces", "http://[::1]:4318/v1/traces"),
        ] {
            assert_eq!(endpoint(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn another_text_is_no_collector() {
        for url in
            ["", "localhost:4318", "grpc://localhost:4317", "/v1/traces", "http://", "http://a/?b", "http://u:p@a/", "http://a b"]
        {
            assert_eq!(endpoint(url), None, "{url}");
        }
    }

    #[test]
    fn a_part_is_between_0_and_1() {
        let is_valid = |sample| Traces { url: "http://a".into(), sample: Some(sample) }.endpoint().is_ok();
        assert!([0.0, 0.01, 1.0].into_iter().all(is_valid));
        assert!(![-0.1, 1.1, f64::NAN, f64::INFINITY].into_iter().any(is_valid));
    }
}
