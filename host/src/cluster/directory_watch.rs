//! The records of the directory, as they come.
//!
//! A watch begins with the last record of each durable room. It is given up when the connection is another one, or when NATS says that records
//! may be missing. Then another one begins; meanwhile the node goes by what it knows.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::push::OrderedConfig;
use futures_util::StreamExt as _;
use tokio::time::sleep;
use ws_cluster::directory::KnownRecord;

use super::core::Core;

/// The time between two watches.
const PACE: Duration = Duration::from_millis(250);

/// Watches for ever.
pub(super) async fn run(core: &Core) {
    loop {
        if let Err(why) = once(core).await {
            tracing::debug!("the watch over the directory begins anew: {why}");
        }
        sleep(PACE).await;
    }
}

async fn once(core: &Core) -> Result<(), String> {
    let state = core.link.connected().await;
    core.directory().begin();
    let config = OrderedConfig {
        deliver_subject: core.link.client.new_inbox(),
        deliver_policy: DeliverPolicy::LastPerSubject,
        filter_subject: core.names.all_known(),
        ..OrderedConfig::default()
    };
    let consumer = core.link.jetstream.create_consumer_on_stream(config, core.names.known_stream()).await;
    let consumer = consumer.map_err(|error| error.to_string())?;
    let mut is_complete = consumer.cached_info().num_pending == 0;
    if is_complete {
        core.directory().complete();
    }
    let mut records = consumer.messages().await.map_err(|error| error.to_string())?;
    loop {
        let record = tokio::select! {
            record = records.next() => record,
            () = core.link.is_other_than(state) => return Err("the connection has changed".into()),
        };
        let record = record.ok_or("the subscription has ended")?.map_err(|error| error.to_string())?;
        let pending = take(core, &record).map_err(|error| error.to_string())?;
        if pending == 0 && !is_complete {
            is_complete = true;
            core.directory().complete();
        }
    }
}

/// Takes one record, and returns how many more come at once.
fn take(core: &Core, message: &Message) -> Result<u64, async_nats::Error> {
    let info = message.info()?;
    // One of a later version says nothing to this node.
    if let (Some(room), Ok(record)) = (core.names.known_room(&message.subject), KnownRecord::decode(message.payload.clone())) {
        core.directory().record(info.stream_sequence, &Arc::from(room), record);
    }
    Ok(info.pending)
}
