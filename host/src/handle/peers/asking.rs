//! Questions to all other nodes at once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use ws_cluster::Life;

use super::link::Link;
use super::message::{Answer, Request, decode, encode};

/// How long another node may take to answer. One that is there takes a millisecond, unless a handler of the room computes.
pub(in crate::handle) const DEADLINE: Duration = Duration::from_secs(2);
/// The largest message to clients that goes to other nodes. A request has at most 16 MiB, and names of rooms and users are in it too.
pub(in crate::handle) const MAX_PAYLOAD_BYTES: usize = (16 << 20) - (64 << 10);

/// The answers of other nodes.
#[derive(Debug)]
pub(in crate::handle) struct Asked<T> {
    /// The answers, with the numbers of their nodes.
    pub answers: Vec<(u16, T)>,
    /// The numbers of the nodes that have not answered in time, or have refused.
    pub missing: Vec<u16>,
}

impl<T> Asked<T> {
    /// Nobody was asked.
    pub(in crate::handle) fn nobody() -> Self {
        Self { answers: Vec::new(), missing: Vec::new() }
    }
}

/// Asks these nodes. The requests are on their way when this returns. `read` returns `None` for an answer to another request.
pub(in crate::handle) fn ask<T: Send + 'static>(
    link: &Arc<dyn Link>,
    nodes: &[Life],
    request: &Request,
    payload: &[u8],
    read: fn(Answer) -> Option<T>,
) -> BoxFuture<'static, Asked<T>> {
    if nodes.is_empty() {
        return async { Asked::nobody() }.boxed();
    }
    let request = encode(request, payload);
    let asked: Vec<_> = nodes.iter().map(|life| answer_of(*life, link.ask(*life, request.clone(), DEADLINE), read)).collect();
    async move {
        let mut all = Asked::nobody();
        for (number, answer) in join_all(asked).await {
            match answer {
                Some(answer) => all.answers.push((number, answer)),
                None => all.missing.push(number),
            }
        }
        all
    }
    .boxed()
}

async fn answer_of<T>(
    node: Life,
    answered: BoxFuture<'static, Option<bytes::Bytes>>,
    read: fn(Answer) -> Option<T>,
) -> (u16, Option<T>) {
    let answer = match answered.await.map(decode::<Answer>) {
        Some(Some((Answer::Refused(reason), _))) => {
            tracing::debug!(node = node.number, "another node refuses a request: {}", crate::log::printable(&reason));
            None
        }
        Some(Some((answer, _))) => read(answer),
        Some(None) => {
            tracing::debug!(node = node.number, "the answer of another node is not understood: it may be of another version");
            None
        }
        None => None,
    };
    (node.number, answer)
}
