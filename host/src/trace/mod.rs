//! Traces: spans of what a server does, for a collector of OpenTelemetry.
//!
//! | file | owns |
//! | --- | --- |
//! | `settings` | the rules for their settings |
//! | `tracer` | spans and their contexts, over the crates of OpenTelemetry |
//! | `headers` | a context in the headers of HTTP (W3C Trace Context) |
//! | `absent` | the same types without the feature `otlp`: nobody can make one |
//! | `queue` | ended spans on their way to the exporter's thread |
//! | `exporter` | that thread: batches, and the log of an outage |
//! | `collector` | the HTTP client that takes batches to the collector |
//!
//! An `Option<Tracer>` is the flag: a server without one makes no context and no span. A context goes with what it belongs to (a client's
//! connection, a request, a message to another room), in a box that exists only with a tracer.

#[cfg(not(feature = "otlp"))]
mod absent;
#[cfg(feature = "otlp")]
mod collector;
#[cfg(feature = "otlp")]
mod exporter;
#[cfg(feature = "otlp")]
mod headers;
#[cfg(feature = "otlp")]
mod queue;
#[cfg(feature = "otlp")]
mod settings;
#[cfg(feature = "otlp")]
mod tracer;

#[cfg(not(feature = "otlp"))]
pub use absent::{Context, Span, Tracer};
#[cfg(feature = "otlp")]
pub use tracer::{Context, Span, Tracer};

/// The context that something goes on with, if there is one.
pub type Trace = Option<Box<Context>>;

/// The side of a span.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A request that this server answers.
    Server,
    /// A request to another server.
    Client,
    /// Work of this server.
    Internal,
}
