//! A collector of OpenTelemetry, played by the test.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
pub use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::tls::Certificate;

/// Takes spans, and keeps those that nobody has asked for yet.
pub struct Collector {
    port: u16,
    spans: mpsc::UnboundedReceiver<Batch>,
    kept: Vec<Span>,
    /// The attributes of the last sender.
    pub resource: HashMap<String, String>,
    /// The head of the last request.
    pub head: String,
    answers: Arc<Semaphore>,
}

type Batch = (String, ExportTraceServiceRequest);

impl Collector {
    /// A collector that answers each request.
    pub async fn new() -> Self {
        let collector = Self::busy(None).await;
        collector.answers();
        collector
    }

    /// One that speaks TLS.
    pub async fn with_tls(certificate: &Certificate) -> Self {
        let collector = Self::busy(Some(acceptor(certificate))).await;
        collector.answers();
        collector
    }

    /// One that answers nothing yet.
    pub async fn busy(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it listens").port();
        let (taken, spans) = mpsc::unbounded_channel();
        let answers = Arc::new(Semaphore::new(0));
        let may_answer = Arc::clone(&answers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (taken, may_answer, tls) = (taken.clone(), Arc::clone(&may_answer), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &taken, &may_answer).await,
                            Err(_) => None,
                        },
                        None => serve(stream, &taken, &may_answer).await,
                    }
                });
            }
        });
        Self { port, spans, kept: Vec::new(), resource: HashMap::new(), head: String::new(), answers }
    }

    /// From now on it answers each request.
    pub fn answers(&self) {
        self.answers.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits for the next span of this name.
    pub async fn span(&mut self, name: &str) -> Span {
        loop {
            if let Some(at) = self.kept.iter().position(|span| span.name == name) {
                return self.kept.remove(at);
            }
            self.takes().await;
        }
    }

    /// Waits for the next batch. Returns how many spans it has.
    pub async fn takes(&mut self) -> usize {
        // With this timeout a bug fails a test and does not hang it.
        let next = timeout(Duration::from_secs(60), self.spans.recv()).await.expect("a batch comes within a minute");
        let (head, batch) = next.expect("the collector runs");
        self.head = head;
        let before = self.kept.len();
        for of_resource in batch.resource_spans {
            self.resource = texts(&of_resource.resource.unwrap_or_default().attributes);
            self.kept.extend(of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        self.kept.len() - before
    }
}

/// The attributes of a span, as text.
pub fn attributes(span: &Span) -> HashMap<String, String> {
    texts(&span.attributes)
}

/// An id in hexadecimal.
pub fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn texts(attributes: &[KeyValue]) -> HashMap<String, String> {
    let text = |attribute: &KeyValue| {
        let value = match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (attribute.key.clone(), value)
    };
    attributes.iter().map(text).collect()
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    taken: &mpsc::UnboundedSender<Batch>,
    may_answer: &Semaphore,
) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        while let Some((head, request)) = request(&mut bytes) {
            taken.send((head, ExportTraceServiceRequest::decode(&*request).expect("it is protobuf"))).ok()?;
            may_answer.acquire().await.ok()?.forget();
            let answer = ExportTraceServiceResponse::default().encode_to_vec();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n", answer.len());
            stream.write_all(&[head.as_bytes(), &answer].concat()).await.ok()?;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// Takes a request out of what has come, if it is whole: its head in lower case, and its body.
fn request(bytes: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).expect("it has a length");
    if bytes.len() < end + length {
        return None;
    }
    let rest = bytes.split_off(end + length);
    let whole = std::mem::replace(bytes, rest);
    Some((head, whole[end..].to_vec()))
}

fn acceptor(certificate: &Certificate) -> TlsAcceptor {
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).expect("it is a key");
    let chain = vec![CertificateDer::from(certificate.der.to_vec())];
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .expect("the certificate can be used");
    TlsAcceptor::from(Arc::new(config))
}
