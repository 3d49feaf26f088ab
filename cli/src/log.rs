//! The log on stderr, its level and its format, and its tail for the API.

use std::io::IsTerminal;
use std::sync::OnceLock;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, reload};
use ws_host::api::LogTail;

use crate::headings::EVERYWHERE;
use crate::log_queue::LogQueue;
use crate::log_tail::Tail;

/// The level and format of the log.
#[derive(Debug, Args)]
pub struct Logging {
    /// Log more: every connection and its end, and why a request is refused
    #[arg(short, long, global = true, help_heading = EVERYWHERE, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
    /// Log warnings and errors only; -qq errors only
    #[arg(short, long, global = true, help_heading = EVERYWHERE, action = clap::ArgAction::Count)]
    quiet: u8,
    /// The format of log lines, text or json
    #[arg(long, global = true, hide_possible_values = true, help_heading = EVERYWHERE, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    log_format: Format,
}

/// The format of log lines. Its variants have no help, which keeps the help of a command on one screen.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Replaces the filter of the process's log. A line that the filter leaves out costs no look at it: tracing remembers that for each place in the code.
static FILTER: OnceLock<Replace> = OnceLock::new();

type Replace = Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>;

/// The log of the process.
pub struct Log {
    /// The lines on their way to stderr.
    pub queue: LogQueue,
    /// The last lines.
    pub tail: LogTail,
}

/// Sets up logging for the process. `RUST_LOG`, if set, overrides the flags.
///
/// # Errors
/// The log's thread cannot be started.
pub fn set_up(logging: &Logging) -> anyhow::Result<Log> {
    let filter = logging.filter();
    let queue = LogQueue::to_stderr().context("cannot start a thread for the log")?;
    let writer = queue.clone();
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // The subscriber reports its own errors to stderr, and would panic if that is closed.
    let lines = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false).with_ansi(colours);
    let lines = lines.with_writer(move || writer.clone());
    // The filter of the lines holds for the tail too.
    let tail = LogTail::default();
    match logging.log_format {
        Format::Text => {
            let lines = lines.with_target(false).with_filter_reloading();
            keep(lines.reload_handle());
            lines.finish().with(Tail(tail.clone())).init();
        }
        Format::Json => {
            let lines = lines.json().flatten_event(true).with_filter_reloading();
            keep(lines.reload_handle());
            lines.finish().with(Tail(tail.clone())).init();
        }
    }
    Ok(Log { queue, tail })
}

/// Logs at another level from now on. The format stays.
pub fn set_level(logging: &Logging) {
    if let Some(Err(error)) = FILTER.get().map(|replace| replace(logging.filter())) {
        tracing::error!("the log keeps its level: {error}");
    }
}

fn keep<S: 'static>(handle: reload::Handle<EnvFilter, S>) {
    // A process sets its log up once.
    let _ = FILTER.set(Box::new(move |filter| handle.reload(filter)));
}

impl Logging {
    fn filter(&self) -> EnvFilter {
        let level = match (self.verbose, self.quiet) {
            // The node of the cluster tells in its own words the news of the crate of NATS.
            (0, 0) => "warn,ws_host=info,guest=info,async_nats=off",
            (1, _) => "warn,ws_host=debug,guest=debug,async_nats=off",
            (2.., _) => "debug,ws_host=trace,guest=trace",
            (_, 1) => "warn,async_nats=off",
            (_, _) => "error,async_nats=off",
        };
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level))
    }
}
