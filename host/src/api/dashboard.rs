//! The dashboard: a page that is a client of the API.

use axum::http::HeaderMap;
use axum::http::header::HeaderName;
use axum::response::Html;

use crate::front::page_headers;

/// One file without dependencies.
const PAGE: &str = include_str!("../../dashboard.html");

/// The page. It has nothing of the server in it: it asks for a token, and for the rest with that.
pub async fn dashboard() -> (HeaderMap, Html<&'static str>) {
    (headers(), Html(PAGE))
}

fn headers() -> HeaderMap {
    let mut headers = page_headers(PAGE, "'self'");
    // Pages that open it in a window get no hold of that window.
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), "same-origin".parse().expect("it is ASCII"));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dashboard_is_not_framed_runs_its_own_script_alone_and_tells_no_site_where_it_was() {
        let headers = headers();
        let header =
            |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok()).unwrap_or("missing");
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'sha256-") && policy.contains("connect-src 'self'; "),
            "{policy}"
        );
        assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        // The hash of an empty text: a tag was not found.
        assert!(!policy.contains("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), "{policy}");
        assert_eq!((header("x-frame-options"), header("referrer-policy")), ("DENY", "no-referrer"));
        assert_eq!((header("x-content-type-options"), header("cross-origin-opener-policy")), ("nosniff", "same-origin"));
    }

    #[test]
    fn the_page_has_one_script_and_one_style_and_no_way_to_make_text_markup() {
        for (part, count) in
            [("<script", 1), ("<style", 1), ("innerHTML", 0), ("insertAdjacentHTML", 0), ("document.write", 0), (" style=\"", 0)]
        {
            let found = PAGE.matches(part).count() - usize::from(part == "innerHTML");
            assert_eq!(found, count, "{part}");
        }
    }
}
