//! Messages of other nodes to this life.

use std::time::Instant;

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt as _;
use ws_cluster::Envelope;

use super::inboxes::Inboxes;
use super::parcels::{Assembly, Malformed};
use crate::log::LogThrottle;

/// Gives messages to the shards of their rooms, for as long as the subscription lasts.
pub(super) async fn run(mut messages: Subscriber, inboxes: &Inboxes) {
    let mut assembly = Assembly::default();
    let (malformed, drops) =
        (LogThrottle::one("malformed messages of other nodes"), LogThrottle::one("messages of other nodes that were dropped"));
    while let Some(message) = messages.next().await {
        for envelope in envelopes(&mut assembly, message.payload) {
            let Ok(envelope) = envelope else {
                if let Some(left_out) = malformed.allows(Instant::now()) {
                    tracing::warn!("a message of another node is malformed, or of a later version: it is dropped{left_out}");
                }
                continue;
            };
            if !inboxes.receive(envelope)
                && let Some(left_out) = drops.allows(Instant::now())
            {
                tracing::warn!("messages of other nodes are dropped, since a shard is too busy: they are sent again{left_out}");
            }
        }
    }
}

fn envelopes(assembly: &mut Assembly, parcel: Bytes) -> Vec<Result<Envelope, Malformed>> {
    match assembly.take(parcel) {
        Ok(messages) => messages.into_iter().map(|message| Envelope::decode(message).map_err(|_| Malformed)).collect(),
        Err(malformed) => vec![Err(malformed)],
    }
}
