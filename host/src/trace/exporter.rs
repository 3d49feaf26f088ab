//! The thread that sends spans: batches, and the log of an outage.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc as blocking;
use std::time::Duration;

use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::collector::Failure;
use crate::log::{LogThrottle, in_short};

/// How long a span waits for others, unless `OTEL_BSP_SCHEDULE_DELAY` says otherwise.
const DELAY: Duration = Duration::from_secs(5);
/// The most spans of a batch, unless `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` says otherwise.
const BATCH: usize = 512;

/// Sends spans in batches.
#[derive(Debug)]
pub(super) struct Exporter {
    exporter: SpanExporter,
    failure: Failure,
    outage: Outage,
    delay: Duration,
    batch: usize,
}

/// The things that come to the thread.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) spans: mpsc::Receiver<SpanData>,
    /// Each is told when the spans before it are sent.
    pub(super) flushes: mpsc::Receiver<blocking::Sender<()>>,
    /// The spans that the queue was too full for.
    pub(super) dropped: Arc<AtomicU64>,
    /// The size of the queue.
    pub(super) most: usize,
}

/// Why a batch is sent.
enum Due {
    /// It is full, or old enough.
    Batch,
    /// Somebody waits for it.
    Flush(blocking::Sender<()>),
    /// Nobody can end a span any more.
    Closed,
}

impl Exporter {
    /// Sends with this exporter, to a collector of this name.
    pub(super) fn new((exporter, failure): (SpanExporter, Failure), name: String) -> Self {
        let delay = from_env("OTEL_BSP_SCHEDULE_DELAY").map_or(DELAY, Duration::from_millis);
        let batch = from_env("OTEL_BSP_MAX_EXPORT_BATCH_SIZE").filter(|batch| *batch > 0).unwrap_or(BATCH);
        Self { exporter, failure, outage: Outage::new(name), delay, batch }
    }

    /// The most spans that wait, by the environment or by default.
    pub(super) fn most_waiting(&self, default: usize) -> usize {
        from_env("OTEL_BSP_MAX_QUEUE_SIZE").filter(|most| *most > 0).unwrap_or(default)
    }

    /// The service that the spans are of.
    pub(super) fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }

    /// Sends what comes in, until nothing can.
    pub(super) async fn run(mut self, mut inbox: Inbox) {
        let mut batch = Vec::new();
        loop {
            let due = self.gather(&mut inbox, &mut batch).await;
            self.send(&inbox, &mut batch).await;
            match due {
                Due::Batch => {}
                Due::Flush(done) => {
                    while !inbox.spans.is_empty() {
                        inbox.spans.recv_many(&mut batch, self.batch).await;
                        self.send(&inbox, &mut batch).await;
                    }
                    let _ = done.send(());
                }
                Due::Closed => return,
            }
        }
    }

    async fn gather(&self, inbox: &mut Inbox, batch: &mut Vec<SpanData>) -> Due {
        let mut due = Instant::now();
        while batch.len() < self.batch {
            let had = batch.len();
            tokio::select! {
                came = inbox.spans.recv_many(batch, self.batch - had) => match came {
                    0 => return Due::Closed,
                    _ if had == 0 => due = Instant::now() + self.delay,
                    _ => {}
                },
                Some(done) = inbox.flushes.recv() => return Due::Flush(done),
                () = sleep_until(due), if had > 0 => break,
            }
        }
        Due::Batch
    }

    async fn send(&mut self, inbox: &Inbox, batch: &mut Vec<SpanData>) {
        let spans = std::mem::take(batch);
        let count = spans.len() as u64;
        if count > 0 {
            let sent =
                self.exporter.export(spans).await.map_err(|error| self.failure.take().unwrap_or_else(|| error.to_string()));
            self.outage.note(&sent, count);
        }
        self.outage.note_dropped(inbox.dropped.swap(0, Relaxed), inbox.most);
    }
}

/// Whether the collector takes spans, and how many it has not taken.
#[derive(Debug)]
struct Outage {
    name: String,
    /// The spans that are lost since it began.
    lost: Option<u64>,
    /// The limit on log lines about spans that were too many.
    dropped: LogThrottle,
    /// The limit on log lines about a collector that comes and goes.
    changes: LogThrottle,
}

impl Outage {
    fn new(name: String) -> Self {
        let (dropped, changes) = (LogThrottle::one("dropped spans"), LogThrottle::new(2, "the collector of traces"));
        Self { name, lost: None, dropped, changes }
    }

    /// A batch of this many spans was sent, or not. An outage has one line at its beginning and one at its end.
    fn note(&mut self, sent: &Result<(), String>, count: u64) {
        let Self { name, lost, changes, .. } = self;
        match (sent, &mut *lost) {
            (Ok(()), None) => {}
            (Err(_), Some(lost)) => *lost += count,
            (Err(error), None) => {
                *lost = Some(count);
                if let Some(more) = changes.allows(std::time::Instant::now()) {
                    let error = in_short(error);
                    tracing::warn!("the collector at {name} does not take spans, and they are lost until it does: {error}{more}");
                }
            }
            (Ok(()), Some(count)) => {
                if let Some(more) = changes.allows(std::time::Instant::now()) {
                    tracing::info!("the collector at {name} takes spans again; {count} were lost{more}");
                }
                *lost = None;
            }
        }
    }

    /// The queue was too full for this many spans.
    fn note_dropped(&mut self, count: u64, most: usize) {
        match &mut self.lost {
            _ if count == 0 => {}
            Some(lost) => *lost += count,
            None => {
                if let Some(more) = self.dropped.allows(std::time::Instant::now()) {
                    tracing::warn!("{count} spans are lost: more than {most} waited for the collector at {}{more}", self.name);
                }
            }
        }
    }
}

fn from_env<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.trim().parse().ok()
}
