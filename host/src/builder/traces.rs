//! The settings of traces.

use super::Builder;
#[cfg(feature = "otlp")]
use crate::config::Traces;
use crate::error::Error;
use crate::trace::Tracer;

#[cfg(feature = "otlp")]
impl Builder {
    /// Sends spans of upgrades, handlers, requests, commits and swaps to the collector at this URL (`http://localhost:4318`), by OTLP over HTTP.
    /// By default nothing is traced.
    ///
    /// `sample` is the part of new traces that is kept, 0 to 1; a trace that a request goes on with is kept if its sender keeps it. With `None`,
    /// `OTEL_TRACES_SAMPLER` decides, or all are kept. The other variables of OpenTelemetry, such as `OTEL_SERVICE_NAME`, count too.
    #[must_use]
    pub fn otlp(mut self, url: impl Into<String>, sample: Option<f64>) -> Self {
        self.tracer = None;
        self.config.traces = Some(Traces { url: url.into(), sample });
        self
    }
}

impl Builder {
    /// Starts the tracer that the settings ask for.
    pub(super) fn start_tracer(&self) -> Result<Option<Tracer>, Error> {
        #[cfg(feature = "otlp")]
        return self.config.traces.as_ref().map(Tracer::start).transpose();
        #[cfg(not(feature = "otlp"))]
        return Ok(None);
    }
}
