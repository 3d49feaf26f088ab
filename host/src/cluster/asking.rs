//! Requests from node to node, and their answers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{StatusCode, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use ws_cluster::Life;

use super::link::Link;
use super::names::Names;
use super::parcels::{Assembly, pack};

/// The size of a message of NATS.
const PARCEL: usize = 256 << 10;
/// The largest request or answer.
const MAX_BODY: usize = 16 << 20;
/// Requests that are answered at a time. More wait.
const MAX_REQUESTS: usize = 64;

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The life is over, or never was.
    #[error("the node is not there any more: its life is over")]
    Gone,
    /// The node may have acted upon the request.
    #[error("the node has not answered in time: ask again, or look at its log")]
    TimedOut,
    /// The request has more than 16 MiB.
    #[error("a request to another node is too large: it may have 16 MiB")]
    TooLarge,
    /// This node has no connection.
    #[error("NATS is away: ask again when it is back")]
    Away,
}

/// Answers requests of other nodes.
#[derive(Clone)]
pub(super) struct Handler(Arc<dyn Fn(Bytes) -> BoxFuture<'static, Bytes> + Send + Sync>);

impl Handler {
    pub(super) fn new<F: Future<Output = Bytes> + Send + 'static>(answer: impl Fn(Bytes) -> F + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |request| Box::pin(answer(request))))
    }

    pub(super) fn answer(&self, request: Bytes) -> BoxFuture<'static, Bytes> {
        (self.0)(request)
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}

/// Asks the node of this life.
pub(super) async fn ask(link: &Link, names: &Names, to: Life, request: Bytes, within: Duration) -> Result<Bytes, AskError> {
    if request.len() > MAX_BODY {
        return Err(AskError::TooLarge);
    }
    if !link.state().is_up {
        return Err(AskError::Away);
    }
    let inbox = Subject::from(link.client.new_inbox());
    let exchange = async {
        let answers = link.client.subscribe(inbox.clone()).await.map_err(|_| AskError::Away)?;
        for parcel in pack([request], link.message_bytes(PARCEL), &mut random()) {
            link.client.publish_with_reply(names.api(to), inbox.clone(), parcel).await.map_err(|_| AskError::Away)?;
        }
        answer(answers).await
    };
    timeout(within, exchange).await.unwrap_or(Err(AskError::TimedOut))
}

async fn answer(mut answers: Subscriber) -> Result<Bytes, AskError> {
    let mut assembly = Assembly::default();
    while let Some(message) = answers.next().await {
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Err(AskError::Gone);
        }
        if let Ok([answer]) = assembly.take(message.payload).as_deref() {
            return Ok(answer.clone());
        }
    }
    Err(AskError::Away)
}

/// Answers the requests to this life, for as long as the subscription lasts. The handler is asked for with each.
pub(super) async fn serve(link: &Link, mut requests: Subscriber, handler: impl Fn() -> Option<Handler>) {
    let (mut assembly, permits) = (Assembly::default(), Arc::new(Semaphore::new(MAX_REQUESTS)));
    while let Some(message) = requests.next().await {
        let (Some(reply), Ok(complete)) = (message.reply, assembly.take(message.payload)) else { continue };
        for request in complete {
            // The server has not begun yet: the other node asks again.
            let Some(handler) = handler() else { continue };
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let (link, reply) = (link.clone(), reply.clone());
            tokio::spawn(async move {
                let mut answer = handler.answer(request).await;
                if answer.len() > MAX_BODY {
                    tracing::warn!("an answer to another node has {} bytes: it may have 16 MiB, and is cut", answer.len());
                    answer.truncate(MAX_BODY);
                }
                for parcel in pack([answer], link.message_bytes(PARCEL), &mut random()) {
                    if link.client.publish(reply.clone(), parcel).await.is_err() {
                        break;
                    }
                }
                drop(permit);
            });
        }
    }
}

/// Tells the fragments of one large message from those of others.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has random numbers: they were needed before for the keys of hash tables");
    u64::from_le_bytes(bytes)
}
