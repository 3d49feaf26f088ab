//! Spans and their contexts, over the crates of OpenTelemetry.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::HeaderMap;
use opentelemetry::trace::{Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer as _, TracerProvider};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use super::exporter::Exporter;
use super::queue::{Queue, Waiting};
use super::{Kind, collector, headers};
use crate::config::Traces;
use crate::error::Error;

/// The name of the service, if the environment has none.
const SERVICE: &str = "ws-host";
/// The most bytes of a span's name. Clients choose the rooms and paths, and many spans wait at a time.
const MAX_NAME: usize = 256;
/// The most bytes of a text that a span has as an attribute.
const MAX_TEXT: usize = 1024;

/// Makes spans. A clone costs a reference count.
#[derive(Debug, Clone)]
pub struct Tracer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tracer: SdkTracer,
    waiting: Waiting,
}

/// The identity of a span. Its children go on with it, and so do the servers that it asks.
#[derive(Debug, Clone)]
pub struct Context {
    tracer: Tracer,
    span: SpanContext,
}

/// A running span. It ends when it is dropped.
#[derive(Debug)]
pub struct Span {
    tracer: Tracer,
    span: opentelemetry_sdk::trace::Span,
}

impl Tracer {
    /// A tracer whose spans go to the collector of these settings, on a thread of its own. The environment names the service, its attributes, and
    /// what the settings leave open, by the variables of OpenTelemetry (`OTEL_SERVICE_NAME` and others).
    ///
    /// # Errors
    /// A setting is invalid, or the thread cannot be started.
    pub fn start(settings: &Traces) -> Result<Self, Error> {
        let endpoint = settings.endpoint()?;
        let exporter = Exporter::new(collector::exporter(&endpoint)?, collector::name(&endpoint));
        Self::with(settings.sample, |resource| Queue::start(exporter, resource))
    }

    fn with(sample: Option<f64>, queue: impl FnOnce(&Resource) -> Result<(Queue, Waiting), Error>) -> Result<Self, Error> {
        let resource = resource();
        let (queue, waiting) = queue(&resource)?;
        let mut provider = SdkTracerProvider::builder().with_resource(resource).with_span_processor(queue);
        if let Some(part) = sample {
            provider = provider.with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(part))));
        }
        Ok(Self(Arc::new(Inner { tracer: provider.build().tracer(SERVICE), waiting })))
    }

    /// Begins a trace, or goes on with that of these headers.
    pub fn take_on(&self, name: impl Into<Cow<'static, str>>, kind: Kind, headers: &HeaderMap) -> Span {
        self.span(name.into(), kind, headers::read(headers))
    }

    /// Begins a trace.
    pub fn begin(&self, name: impl Into<Cow<'static, str>>, kind: Kind) -> Span {
        self.span(name.into(), kind, None)
    }

    /// Sends the spans that have ended. Blocks, up to a limit.
    pub fn flush(&self) {
        self.0.waiting.flush();
    }

    fn span(&self, name: Cow<'static, str>, kind: Kind, parent: Option<SpanContext>) -> Span {
        let kind = match kind {
            Kind::Server => SpanKind::Server,
            Kind::Client => SpanKind::Client,
            Kind::Internal => SpanKind::Internal,
        };
        let none = opentelemetry::Context::new();
        let parent = parent.map_or_else(|| none.clone(), |parent| none.with_remote_span_context(parent));
        let span = self.0.tracer.build_with_context(SpanBuilder::from_name(cut(name, MAX_NAME)).with_kind(kind), &parent);
        Span { tracer: self.clone(), span }
    }
}

impl Context {
    /// Begins a span inside this one.
    pub fn begin(&self, name: impl Into<Cow<'static, str>>, kind: Kind) -> Span {
        self.tracer.span(name.into(), kind, Some(self.span.clone()))
    }
}

impl Span {
    /// Its identity.
    pub fn context(&self) -> Context {
        Context { tracer: self.tracer.clone(), span: self.span.span_context().clone() }
    }

    /// Whether anybody will see its attributes.
    pub fn is_recorded(&self) -> bool {
        self.span.is_recording()
    }

    /// Sets an attribute. A long text is cut.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.span.set_attribute(KeyValue::new(name, cut_value(value.into())));
    }

    /// Marks it as failed, with a kind of failure and a message.
    pub fn fail(&mut self, kind: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.span.set_attribute(KeyValue::new("error.type", cut(kind.into(), MAX_TEXT)));
        self.span.set_status(Status::error(cut(message.into(), MAX_TEXT)));
    }

    /// Tells the receiver of a request of this span, unless the headers name another one.
    pub fn tell(&self, headers: &mut HeaderMap) {
        headers::write(self.span.span_context(), headers);
    }
}

/// The text, or its beginning.
fn cut(text: Cow<'static, str>, most: usize) -> Cow<'static, str> {
    if text.len() <= most { text } else { text[..text.floor_char_boundary(most)].to_owned().into() }
}

fn cut_value(value: Value) -> Value {
    match value {
        Value::String(text) if text.as_str().len() > MAX_TEXT => cut(text.as_str().to_owned().into(), MAX_TEXT).into(),
        value => value,
    }
}

/// The service that the spans are of.
fn resource() -> Resource {
    let resource = Resource::builder().build();
    let is_named = resource.get(&"service.name".into()).is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let resource = if is_named { Resource::builder() } else { Resource::builder().with_service_name(SERVICE) };
    resource.with_attribute(KeyValue::new("service.instance.id", std::process::id().to_string())).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(MAX_TEXT);
        assert_eq!(cut(format!("a{long}").into(), MAX_NAME), format!("a{}", "é".repeat(127)));
        assert_eq!(cut_value(long.into()), Value::from("é".repeat(MAX_TEXT / 2)));
        let whole = "a".repeat(MAX_TEXT);
        assert_eq!(cut_value(whole.clone().into()), whole.into());
    }
}
