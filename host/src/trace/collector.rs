//! The HTTP client that takes batches of spans to the collector.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use crate::error::Error;

/// How long the collector may take for one batch.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of its answer.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// A client that keeps no connections: a batch comes every few seconds at most, and most servers would have closed one by then.
#[derive(Debug)]
struct Collector {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    failure: Failure,
}

/// Why the last request has got no answer. The exporter's own errors tell it nobody.
#[derive(Debug, Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    /// The reason, once.
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, failure: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }
}

/// An exporter to the collector at this URL. The environment adds headers (`OTEL_EXPORTER_OTLP_HEADERS`).
///
/// # Errors
/// The URL asks for TLS and the system trusts no certificate, or the environment has a setting that is invalid.
pub(super) fn exporter(endpoint: &Uri) -> Result<(SpanExporter, Failure), Error> {
    let failed = |reason: String| Error::OtlpExporter { url: name(endpoint), reason };
    let connector = connector(endpoint).map_err(|error| failed(format!("the system's certificates cannot be read: {error}")))?;
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
    let failure = Failure::default();
    let client = Collector { client, failure: failure.clone() };
    // Three more attempts within a second, if the collector is busy or away. The thread waits meanwhile, and spans wait in the queue.
    let retries = RetryPolicy::recommended();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_retry_policy(retries)
        .with_endpoint(endpoint.to_string())
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(TIMEOUT)
        .build()
        .map_err(|error| failed(error.to_string()))?;
    Ok((exporter, failure))
}

/// An error with its causes, in one line.
fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The collector's name in log lines.
pub(super) fn name(endpoint: &Uri) -> String {
    endpoint.to_string()
}

fn connector(endpoint: &Uri) -> std::io::Result<HttpsConnector<HttpConnector>> {
    let builder = HttpsConnectorBuilder::new();
    let builder = if endpoint.scheme_str() == Some("https") {
        builder.with_provider_and_native_roots(ring::default_provider())?
    } else {
        let tls = ClientConfig::builder_with_provider(ring::default_provider().into()).with_safe_default_protocol_versions();
        let tls = tls.map_err(std::io::Error::other)?;
        builder.with_tls_config(tls.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
    };
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    Ok(builder.https_or_http().enable_http1().wrap_connector(connector))
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let exchange = async {
            let (head, body) = self.client.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        let answered = timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err("no answer came in time".into()));
        self.failure.set(answered.as_ref().err().map(|error| in_full(&**error)));
        answered
    }
}
