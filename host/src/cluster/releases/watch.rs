//! The new records in the stream of releases.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use ws_cluster::release::Ledger;

use super::stream::{Entry, ReleaseStream, Useless};
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

/// Why a watch has ended.
enum Given {
    /// Another one follows.
    Up(String),
    /// This node cannot read the record at this sequence.
    Malformed(u64),
}

impl From<Useless> for Given {
    fn from(useless: Useless) -> Self {
        match useless {
            Useless::Unread => Self::Up("the records cannot be read".into()),
            Useless::Malformed(sequence) => Self::Malformed(sequence),
        }
    }
}

/// Watches the stream until nobody listens.
pub(super) async fn watch(stream: ReleaseStream, view: View, news: mpsc::Sender<News>) {
    let mut told = 0;
    while !news.is_closed() {
        match once(&stream, &view, &news).await {
            Ok(()) => return,
            Err(Given::Up(why)) => {
                tracing::debug!("the watch over releases begins anew: {why}");
                sleep(PACE).await;
            }
            Err(Given::Malformed(sequence)) => {
                if told != sequence {
                    tracing::error!(
                        "the record {sequence} of the cluster's releases is of a later version of ws-host, or damaged: this node serves on with the release that it runs, and takes no other; update this node"
                    );
                }
                told = sequence;
                sleep(LOOK).await;
            }
        }
    }
}

/// Watches until nobody listens.
async fn once(stream: &ReleaseStream, view: &View, news: &mpsc::Sender<News>) -> Result<(), Given> {
    let up = |why: &str| Given::Up(why.into());
    let state = stream.connected().await;
    stream.ensure().await.map_err(|error| Given::Up(error.to_string()))?;
    // The messages begin before the records are read, so none is missed.
    let mut messages = stream.messages().await.map_err(Given::Up)?;
    let known = view.get().sequence;
    let ledger = stream.ledger().await?;
    let mut sequence = ledger.sequence();
    if news.send(News::Read(known, ledger)).await.is_err() {
        return Ok(());
    }
    loop {
        let next = tokio::select! {
            next = timeout(LOOK, messages.next()) => next,
            () = stream.is_other_than(state) => return Err(up("the connection has changed")),
            () = news.closed() => return Ok(()),
        };
        let Ok(next) = next else {
            match stream.last().await {
                Ok(last) if last == sequence => continue,
                _ => return Err(up("a record is missing")),
            }
        };
        let message = next.ok_or_else(|| up("the subscription has ended"))?.map_err(|error| Given::Up(error.to_string()))?;
        let Some(entry) = stream.entry(message)? else { continue };
        if let Entry::Record(at, _) = &entry {
            sequence = sequence.max(*at);
        }
        if news.send(News::Entry(entry)).await.is_err() {
            return Ok(());
        }
    }
}
