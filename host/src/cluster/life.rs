//! The lives of the node, one after the other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use ws_cluster::{Lease, Stop};

use super::asking;
use super::core::{Alive, Core};
use super::ids;
use super::receiving;
use super::renewals::{Ended, Renewals};
use super::rooms::Rooms;
use super::settings::ClusterError;
use super::sight::Sight;
use super::watch::Watch;

/// The time between two attempts to begin a life.
const PACE: Duration = Duration::from_secs(1);

/// Is told that the first life has begun, or why it cannot.
pub(super) type Ready = Box<dyn FnOnce(Result<(), ClusterError>) + Send>;

/// Lives until the server ends, or the first life cannot begin.
pub(super) async fn live(core: &Arc<Core>, ready: Ready) {
    let mut ready = Some(ready);
    loop {
        match Box::pin(one_life(core, &mut ready)).await {
            Ok(Ended::Left) => break,
            // Others have buried it first, or the answer to its farewell is lost.
            Ok(Ended::Stopped(_)) if core.leaving.is_cancelled() => break,
            Ok(Ended::Stopped(stop)) => {
                tracing::error!("{}", reason(stop));
                core.end(stop);
            }
            Err(error) => match ready.take() {
                Some(ready) => return ready(Err(error)),
                None => {
                    tracing::error!("{error}");
                    tokio::time::sleep(PACE).await;
                }
            },
        }
        if core.leaving.is_cancelled() {
            break;
        }
    }
    // The subscriptions were dropped, and tasks of their own tell NATS. Then others hear at once that the life is over.
    tokio::task::yield_now().await;
    settled(core).await;
    core.quit();
}

/// Waits until NATS has taken all that was sent before: its answer to a later request comes after that.
async fn settled(core: &Core) {
    let _ = core.records.last(&core.names.nodes_stream(), core.names.node(0), PACE).await;
}

fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Replaced => {
            "other nodes have taken this one for dead, since it has not renewed its lease in time: its clients are closed, and it begins anew"
        }
        Stop::Restored => {
            "NATS has lost records that it had acknowledged, as after a restore: the clients of this node are closed, and it begins anew"
        }
    }
}

async fn one_life(core: &Arc<Core>, ready: &mut Option<Ready>) -> Result<Ended, ClusterError> {
    let (sight, views) = (Arc::new(Sight::new(core.timing)), watch::Sender::new(0));
    let watching = Watch::new(core, &sight, &views);
    tokio::select! {
        stop = watching.run() => Ok(Ended::Stopped(stop)),
        ended = leased_life(core, &sight, &views, ready) => ended,
    }
}

async fn leased_life(
    core: &Arc<Core>,
    sight: &Arc<Sight>,
    views: &watch::Sender<u64>,
    ready: &mut Option<Ready>,
) -> Result<Ended, ClusterError> {
    let mut viewed = views.subscribe();
    // The sender is the caller's.
    let _ = viewed.wait_for(|views| *views > 0).await;
    ids::remind(core).await?;
    let Some(mut renewals) = first_record(core, sight).await? else { return Ok(Ended::Left) };
    let Some(life) = renewals.life() else { return Ok(Ended::Left) };
    let client = &core.link.client;
    let unsubscribed = |error| ClusterError(format!("NATS takes no subscription: {error}; check the permissions of the account"));
    let messages = client.subscribe(core.names.to(life)).await.map_err(unsubscribed)?;
    let requests = client.subscribe(core.names.api(life)).await.map_err(unsubscribed)?;
    let alive = async {
        // The others have the node in view about when it has itself.
        let in_view = async { tokio::join!(settled(core), sight.reaches(life.since)) };
        let (_, first_ids) = tokio::join!(in_view, ids::reserve(core, life));
        let alive = core.begin(life, sight, first_ids?);
        tracing::info!("this is node {} of the cluster {}", life.number, core.names.cluster());
        if let Some(ready) = ready.take() {
            ready(Ok(()));
        }
        let handler = || core.handler.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        tokio::join!(
            receiving::run(messages, &core.inboxes),
            asking::serve(&core.link, requests, handler),
            look_after_rooms(core, &alive, viewed),
        );
        std::future::pending::<Result<(), ClusterError>>().await
    };
    tokio::select! {
        ended = renewals.keep() => Ok(ended),
        () = core.restored.notified() => Ok(Ended::Stopped(Stop::Restored)),
        ended = alive => ended.map(|()| Ended::Stopped(Stop::Replaced)),
    }
}

/// Takes the lowest number that is free. `None` if the server ends before.
async fn first_record<'a>(core: &'a Core, sight: &Sight) -> Result<Option<Renewals<'a>>, ClusterError> {
    loop {
        let free = sight.neighbours().free();
        let Some((number, last)) = free else {
            return Err(ClusterError(
                "all 1024 numbers of nodes are taken: stop a node of this cluster, or begin another cluster".into(),
            ));
        };
        let mut renewals = Renewals::new(core, Lease::new(number, last, asking::random(), core.timing));
        let has_begun = tokio::select! {
            has_begun = renewals.begin() => has_begun,
            () = core.leaving.cancelled() => return Ok(None),
        };
        if has_begun {
            return Ok(Some(renewals));
        }
        // Another node has taken the number. Its record comes.
        let _ = timeout(PACE, sight.changes()).await;
    }
}

/// Reads the last records of this node's rooms each time that NATS is back.
async fn look_after_rooms(core: &Arc<Core>, alive: &Arc<Alive>, mut viewed: watch::Receiver<u64>) {
    viewed.mark_unchanged();
    let rooms = Rooms { core: Arc::clone(core), alive: Arc::clone(alive) };
    while viewed.changed().await.is_ok() {
        rooms.look().await;
    }
}
