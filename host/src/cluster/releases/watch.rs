//! The new records in the stream of releases.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use ws_cluster::release::Ledger;

use super::stream::{Entry, ReleaseStream};
use super::view::View;

/// The time between two attempts.
const PACE: Duration = Duration::from_millis(250);
/// A watch without news looks whether it has missed a record.
const LOOK: Duration = Duration::from_secs(10);

/// The news of the watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// The records as they are now. The view had this sequence when the reading began.
    Read(u64, Ledger),
    /// A new record or report, or one that is known.
    Entry(Entry),
}

/// Watches the stream until nobody listens.
pub(super) async fn watch(stream: ReleaseStream, view: View, news: mpsc::Sender<News>) {
    while !news.is_closed() {
        if let Err(why) = once(&stream, &view, &news).await {
            tracing::debug!("the watch over releases begins anew: {why}");
        }
        sleep(PACE).await;
    }
}

async fn once(stream: &ReleaseStream, view: &View, news: &mpsc::Sender<News>) -> Result<(), String> {
    let state = stream.connected().await;
    stream.ensure().await.map_err(|error| error.to_string())?;
    // The messages begin before the records are read, so none is missed.
    let mut messages = stream.messages().await?;
    let known = view.get().sequence;
    let ledger = stream.ledger().await.map_err(|_| "the records cannot be read")?;
    let mut sequence = ledger.sequence();
    if news.send(News::Read(known, ledger)).await.is_err() {
        return Ok(());
    }
    loop {
        let next = tokio::select! {
            next = timeout(LOOK, messages.next()) => next,
            () = stream.is_other_than(state) => return Err("the connection has changed".into()),
            () = news.closed() => return Ok(()),
        };
        let Ok(next) = next else {
            match stream.last().await {
                Ok(last) if last == sequence => continue,
                _ => return Err("a record is missing".into()),
            }
        };
        let message = next.ok_or("the subscription has ended")?.map_err(|error| error.to_string())?;
        let Some(entry) = stream.entry(message) else { continue };
        if let Entry::Record(at, _) = &entry {
            sequence = sequence.max(*at);
        }
        if news.send(News::Entry(entry)).await.is_err() {
            return Ok(());
        }
    }
}
