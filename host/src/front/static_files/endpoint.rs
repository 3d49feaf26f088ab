//! The endpoints of files: the existing ones, and one in place of those that are missing.

use std::sync::Arc;

use hyper::http::{HeaderMap, HeaderValue, header};

use super::files::Files;
use super::name;
use crate::front::endpoints::{Answer, Asked, Body, Endpoint, is_read};
use crate::front::reply;
use crate::front::upgrade;
use crate::path;

/// Answers with the file that the path of a request names, if it exists.
#[derive(Debug)]
pub struct StaticFiles(pub Arc<Files>);

/// Answers with one file to requests for pages that nobody else has answered: such a page finds out by its own script what its path means.
#[derive(Debug)]
pub struct StaticFallback {
    files: Arc<Files>,
    path: String,
}

impl StaticFallback {
    /// Answers with this file.
    pub fn new(files: Arc<Files>, file: &str) -> Self {
        Self { files, path: name::path_of(file) }
    }
}

impl Endpoint for StaticFiles {
    fn answer<'a>(&'a self, asked: Asked<'a>, _body: &'a mut Body) -> Answer<'a> {
        Box::pin(async move {
            let path = path::normal(asked.parts.uri.path());
            if !is_read(&asked.parts.method) || !name::is_public(&path) {
                return None;
            }
            if let Err(refusal) = upgrade::check_target(asked.parts) {
                return Some(reply::refusal(&refusal));
            }
            self.0.reply(&path, asked.parts, asked.progress).await
        })
    }
}

impl Endpoint for StaticFallback {
    fn answer<'a>(&'a self, asked: Asked<'a>, _body: &'a mut Body) -> Answer<'a> {
        Box::pin(async move {
            let parts = asked.parts;
            if !is_read(&parts.method) || !parts.uri.path().starts_with('/') || !wants_page(&parts.headers) {
                return None;
            }
            let mut reply = self.files.reply(&self.path, parts, asked.progress).await?;
            reply.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
            Some(reply)
        })
    }
}

/// Whether a request names HTML among what it accepts, as browsers do for pages. They do not for scripts, pictures and `fetch`.
fn wants_page(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))?.parse().ok());
        is_html && weight != Some(0.0_f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_wanted_by_those_who_name_html() {
        let wants =
            |accept: &'static str| wants_page(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]));
        assert!(wants("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") && wants("image/png, TEXT/HTML;q=0.1"));
        assert!(
            !wants("*/*")
                && !wants("text/*")
                && !wants("application/json")
                && !wants("text/html;q=0")
                && !wants("text/html; q=0.0")
        );
        assert!(!wants_page(&HeaderMap::new()));
    }
}
