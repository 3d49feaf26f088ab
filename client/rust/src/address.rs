//! Where to connect.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio_tungstenite::tungstenite;
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::{Request, generate_key};
use tungstenite::http::uri::{InvalidUri, InvalidUriParts, PathAndQuery, Scheme};
use tungstenite::http::{HeaderValue, Uri};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Asked = Pin<Box<dyn Future<Output = Result<Result<Request, InvalidAddress>, BoxError>> + Send>>;

/// The address of a server: always the same one, or what a function gives for each attempt.
///
/// ```
/// use ws_host_client::{Address, ClientRequestBuilder};
///
/// let plain = Address::new("wss://chat.example/room")?;
/// let uri = "wss://chat.example/room".parse()?;
/// let request = Address::new(ClientRequestBuilder::new(uri).with_header("authorization", "Bearer ...").with_sub_protocol("chat.v1"))?;
/// // A token that runs out is fetched for each attempt.
/// # async fn token() -> std::io::Result<String> { Ok(String::new()) }
/// let asked = Address::ask(|| async { token().await.map(|token| format!("wss://chat.example/room?token={token}")) });
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Address(Source);

#[derive(Clone)]
enum Source {
    Fixed(Box<Request>),
    Asked(Arc<dyn Fn() -> Asked + Send + Sync>),
}

/// A text that is no address of a WebSocket, or a request that is no upgrade.
#[derive(Debug, thiserror::Error)]
#[error("invalid WebSocket address: {0}")]
pub struct InvalidAddress(BoxError);

impl Address {
    /// A URL such as `wss://chat.example/room`, or a request with headers and subprotocols. `http` counts as `ws`, and `https` as `wss`.
    ///
    /// # Errors
    /// It is not a URL with a host, or a header is malformed.
    pub fn new(target: impl IntoClientRequest) -> Result<Self, InvalidAddress> {
        let request = to_request(target)?;
        // The rules for the query and the scheme hold for the first attempt as for later ones.
        to_session(request.clone(), None)?;
        Ok(Self(Source::Fixed(Box::new(request))))
    }

    /// Calls the function for each attempt. An attempt whose call fails counts as failed, and the function is called again. A wrong address
    /// ends the socket.
    pub fn ask<F, Fut, T, E>(function: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: IntoClientRequest,
        E: Into<BoxError>,
    {
        Self(Source::Asked(Arc::new(move || {
            let answer = function();
            Box::pin(async { answer.await.map(to_request).map_err(Into::into) })
        })))
    }

    /// The request for the next attempt. The session's name goes into its query. Fails if the function does.
    pub(crate) async fn request(self, session: Option<String>) -> Result<Result<Request, InvalidAddress>, BoxError> {
        let request = match self.0 {
            Source::Fixed(request) => Ok(*request),
            Source::Asked(function) => function().await?,
        };
        Ok(request.and_then(|request| to_session(request, session.as_deref())))
    }
}

impl fmt::Debug for Address {
    /// Shows no query, which may have a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Fixed(request) => write!(f, "Address({:?}{})", request.uri().host(), request.uri().path()),
            Source::Asked(_) => f.write_str("Address(..)"),
        }
    }
}

fn to_request(target: impl IntoClientRequest) -> Result<Request, InvalidAddress> {
    target.into_client_request().map_err(|error| InvalidAddress(error.into()))
}

/// The request with the session's name and a key of its own.
fn to_session(mut request: Request, session: Option<&str>) -> Result<Request, InvalidAddress> {
    *request.uri_mut() = with_session(request.uri(), session).map_err(InvalidAddress)?;
    let key = HeaderValue::try_from(generate_key()).map_err(|error| InvalidAddress(error.into()))?;
    request.headers_mut().insert("sec-websocket-key", key);
    Ok(request)
}

fn with_session(uri: &Uri, session: Option<&str>) -> Result<Uri, BoxError> {
    let mut parts = uri.clone().into_parts();
    parts.scheme = Some(match uri.scheme_str() {
        Some("ws" | "http") => scheme("ws")?,
        Some("wss" | "https") => scheme("wss")?,
        _ => return Err("the URL begins with neither ws:// nor wss://".into()),
    });
    if let Some(session) = session {
        let query = uri.query().map(|query| format!("{query}&")).unwrap_or_default();
        parts.path_and_query = Some(PathAndQuery::try_from(format!("{}?{query}_resume={session}", uri.path()))?);
    }
    Ok(Uri::from_parts(parts).map_err(|error: InvalidUriParts| error.to_string())?)
}

fn scheme(name: &str) -> Result<Scheme, InvalidUri> {
    name.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(uri: &str, session: Option<&str>) -> String {
        with_session(&uri.parse().expect("it is a URI"), session).expect("it has a host").to_string()
    }

    #[test]
    fn the_name_of_the_session_goes_into_the_query() {
        assert_eq!(with("ws://host/chat", Some("new")), "ws://host/chat?_resume=new");
        assert_eq!(with("wss://host/chat?a=1", Some("h1")), "wss://host/chat?a=1&_resume=h1");
        assert_eq!(with("https://host:81", Some("h1")), "wss://host:81/?_resume=h1");
        assert_eq!(with("http://host/chat?a=1", None), "ws://host/chat?a=1");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "host", "ftp://host/", "ws://", "/chat"] {
            assert!(Address::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_query_is_not_shown_in_logs() {
        let address = Address::new("ws://host/chat?token=secret").expect("it is a URL");
        assert_eq!(format!("{address:?}"), "Address(Some(\"host\")/chat)");
    }
}
