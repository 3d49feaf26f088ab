//! The types of traces without the feature `otlp`: nobody can make one.

use std::borrow::Cow;

use hyper::HeaderMap;

use super::Kind;

/// No value has this type. It is private, so that the compiler takes the code of the callers for reachable, as it is with the feature.
#[derive(Debug, Clone)]
enum Never {}

/// Makes spans.
#[derive(Debug, Clone)]
pub struct Tracer(Never);

/// The identity of a span.
#[derive(Debug, Clone)]
pub struct Context(Never);

/// A running span.
#[derive(Debug)]
pub struct Span(Never);

impl Tracer {
    /// Begins a trace, or goes on with that of these headers.
    pub fn take_on(&self, _: impl Into<Cow<'static, str>>, _: Kind, _: &HeaderMap) -> Span {
        match self.0 {}
    }

    /// Begins a trace.
    pub fn begin(&self, _: impl Into<Cow<'static, str>>, _: Kind) -> Span {
        match self.0 {}
    }

    /// Sends the spans that have ended.
    pub fn flush(&self) {
        match self.0 {}
    }
}

impl Context {
    /// Begins a span inside this one.
    pub fn begin(&self, _: impl Into<Cow<'static, str>>, _: Kind) -> Span {
        match self.0 {}
    }
}

impl Span {
    /// Its identity.
    pub fn context(&self) -> Context {
        match self.0 {}
    }

    /// Whether anybody will see its attributes.
    pub fn is_recorded(&self) -> bool {
        match self.0 {}
    }

    /// Sets an attribute.
    pub fn set<T>(&mut self, _: &'static str, _: T) {
        match self.0 {}
    }

    /// Marks it as failed, with a kind of failure and a message.
    pub fn fail(&mut self, _: impl Into<Cow<'static, str>>, _: impl Into<Cow<'static, str>>) {
        match self.0 {}
    }

    /// Tells the receiver of a request of this span, unless the headers name another one.
    pub fn tell(&self, _: &mut HeaderMap) {
        match self.0 {}
    }
}
