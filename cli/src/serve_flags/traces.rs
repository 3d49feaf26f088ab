//! The flags of traces.

use clap::Args;
use ws_host::Builder;

/// Where spans go.
#[derive(Debug, Clone, Args)]
pub struct TraceFlags {
    /// Send traces to the collector of OpenTelemetry at this URL, such as http://localhost:4318
    #[arg(long, hide_short_help = true, value_name = "URL")]
    pub otlp: Option<String>,
    /// The part of new traces that is kept, 0 to 1 [default: by OTEL_TRACES_SAMPLER, or 1]
    #[arg(long, hide_short_help = true, requires = "otlp", value_name = "RATIO")]
    pub otlp_sample: Option<f64>,
}

impl TraceFlags {
    /// Configures a server.
    pub fn apply(self, builder: Builder) -> Builder {
        match self.otlp {
            Some(url) => builder.otlp(url, self.otlp_sample),
            None => builder,
        }
    }
}
