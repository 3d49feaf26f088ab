//! The description of the API (OpenAPI 3.1), but for the routes themselves.

use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use utoipa::Modify;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};

use super::problem::{self, Problem};

/// Where the document is.
pub const DOCUMENT_PATH: &str = "/v1/openapi.json";
/// The name of the tokens in the document.
const TOKEN: &str = "token";

/// The parts of the document that are about all routes.
#[derive(Debug, utoipa::OpenApi)]
#[openapi(
    info(title = "ws-host", description = "See and change a running ws-host.", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    components(schemas(Problem)),
    modifiers(&Tokens)
)]
pub struct Description;

/// Describes the tokens.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut OpenApi) {
        let text = "A token of the server. Its right is read, send or admin; each includes the one before. The admin socket takes no token.";
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text)).build();
        document.components.get_or_insert_default().add_security_scheme(TOKEN, SecurityScheme::Http(scheme));
    }
}

/// The document as it is served: every route can refuse, in one form.
pub fn served(mut document: OpenApi) -> ([(HeaderName, &'static str); 1], Bytes) {
    let schema = Ref::from_schema_name("Problem");
    let content = Content::new(Some(RefOr::Ref(schema)));
    let refusal = ResponseBuilder::new().description("A refusal").content(problem::MEDIA_TYPE, content).build();
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(refusal.clone()));
        }
    }
    let text = serde_json::to_vec(&document).expect("a document has texts as keys");
    ([(CONTENT_TYPE, "application/json")], text.into())
}
