//! Ended spans on their way to the exporter's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc as blocking;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use tokio::sync::mpsc;

use super::exporter::{Exporter, Inbox};
use crate::error::Error;

/// The most spans that wait, unless `OTEL_BSP_MAX_QUEUE_SIZE` says otherwise. Further ones are dropped.
const MOST: usize = 2048;
/// The longest time that a server waits at its end for the collector to take the last spans.
const FLUSH: Duration = Duration::from_secs(5);

/// Takes spans when they end. It never waits: a shard's thread calls it.
#[derive(Debug)]
pub(super) struct Queue {
    spans: mpsc::Sender<SpanData>,
    dropped: Arc<AtomicU64>,
}

/// The other side of the queue, for the end of a server.
#[derive(Debug)]
pub(super) struct Waiting {
    flushes: mpsc::Sender<blocking::Sender<()>>,
}

impl Queue {
    /// Starts the exporter's thread, which ends with the queue.
    pub(super) fn start(mut exporter: Exporter, resource: &Resource) -> Result<(Self, Waiting), Error> {
        let failed = |source| Error::System { what: "start the thread that sends traces", source };
        let most = exporter.most_waiting(MOST);
        let (spans, span_inbox) = mpsc::channel(most);
        let (flushes, flush_inbox) = mpsc::channel(1);
        let dropped = Arc::<AtomicU64>::default();
        exporter.set_resource(resource);
        let inbox = Inbox { spans: span_inbox, flushes: flush_inbox, dropped: Arc::clone(&dropped), most };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let run = move || {
            runtime.block_on(exporter.run(inbox));
            // A name may still be looked up, which cannot be cancelled.
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name("traces".into()).spawn(run).map_err(failed)?;
        Ok((Self { spans, dropped }, Waiting { flushes }))
    }
}

impl Waiting {
    /// Waits until the spans that have ended are sent.
    pub(super) fn flush(&self) {
        let (done, flushed) = blocking::channel();
        if self.flushes.try_send(done).is_ok() && flushed.recv_timeout(FLUSH).is_err() {
            tracing::warn!("the last spans were not taken within {FLUSH:?}, and are lost");
        }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if self.spans.try_send(span).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
