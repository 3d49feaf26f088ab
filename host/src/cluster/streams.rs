//! The streams of a cluster.

use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};

use ws_cluster::release::Ledger;

use super::link::Link;
use super::names::Names;
use super::settings::ClusterError;

/// Makes the streams that are missing. Others are left as they are, if the protocol can rely on them.
pub(super) async fn ensure(link: &Link, names: &Names, replicas: u8) -> Result<(), ClusterError> {
    for wanted in all(names, replicas) {
        ensure_one(&link.jetstream, wanted).await?;
    }
    Ok(())
}

/// The settings of all streams. A list keeps them out of the futures that wait for NATS.
fn all(names: &Names, replicas: u8) -> Vec<Config> {
    vec![nodes(names, replicas), rooms(names, replicas), known(names, replicas), releases(names, replicas)]
}

fn nodes(names: &Names, replicas: u8) -> Config {
    let description = Some("ws-host: which nodes live, and the blocks of client ids".into());
    Config {
        name: names.nodes_stream(),
        description,
        subjects: names.nodes_subjects(),
        max_messages_per_subject: 1,
        ..durable(replicas)
    }
}

/// Chains are read by direct gets, of many messages at once. They end with a record whose sequence the reader knows, so a copy that lags
/// behind its leader is noticed.
fn rooms(names: &Names, replicas: u8) -> Config {
    let description = Some("ws-host: the records of rooms".into());
    Config { name: names.rooms_stream(), description, subjects: names.rooms_subjects(), allow_direct: true, ..durable(replicas) }
}

fn known(names: &Names, replicas: u8) -> Config {
    let description = Some("ws-host: the durable rooms, and when they are to be opened".into());
    let (name, subjects) = (names.known_stream(), vec![names.all_known()]);
    Config { name, description, subjects, max_messages_per_subject: 1, ..durable(replicas) }
}

fn releases(names: &Names, replicas: u8) -> Config {
    Config {
        name: names.releases_stream(),
        description: Some("ws-host: the releases that all nodes run".into()),
        subjects: names.releases_subjects(),
        max_messages_per_subject: i64::try_from(Ledger::KEPT).unwrap_or(i64::MAX),
        ..durable(replicas)
    }
}

fn durable(replicas: u8) -> Config {
    Config {
        num_replicas: usize::from(replicas.max(1)),
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        ..Config::default()
    }
}

async fn ensure_one(jetstream: &Context, wanted: Config) -> Result<(), ClusterError> {
    let name = wanted.name.clone();
    let error = match jetstream.get_stream(&name).await {
        Ok(stream) => return check(&wanted, &stream.cached_info().config),
        Err(error) => error,
    };
    match error.kind() {
        GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {}
        GetStreamErrorKind::JetStream(error) if is_disabled(error.error_code()) => return Err(disabled()),
        // A server without JetStream does not answer its subjects.
        GetStreamErrorKind::Request if jetstream.query_account().await.is_err() => return Err(disabled()),
        _ => {
            return Err(ClusterError(format!(
                "NATS cannot tell of the stream {name}: {error}; check that JetStream has a leader"
            )));
        }
    }
    let replicas = wanted.num_replicas;
    match jetstream.create_stream(wanted.clone()).await {
        Ok(_) => Ok(()),
        // Another node has made it meanwhile.
        Err(error) => match jetstream.get_stream(&name).await {
            Ok(stream) => check(&wanted, &stream.cached_info().config),
            Err(_) => Err(unmade(&name, replicas, &error)),
        },
    }
}

fn is_disabled(code: ErrorCode) -> bool {
    code == ErrorCode::JETSTREAM_NOT_ENABLED || code == ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT
}

fn disabled() -> ClusterError {
    ClusterError("NATS runs without JetStream, which keeps the records of the cluster: start nats-server with -js, or enable it for the account".into())
}

fn unmade(name: &str, replicas: usize, error: &CreateStreamError) -> ClusterError {
    ClusterError(match error.kind() {
        CreateStreamErrorKind::JetStream(error) if is_disabled(error.error_code()) => return disabled(),
        CreateStreamErrorKind::JetStreamUnavailable => return disabled(),
        _ if replicas > 1 => {
            format!(
                "NATS cannot make the stream {name} with {replicas} replicas: {error}; it needs as many servers with JetStream as replicas"
            )
        }
        _ => format!("NATS cannot make the stream {name}: {error}; check the limits and permissions of the account"),
    })
}

/// Compares the settings on which the protocol relies.
fn check(wanted: &Config, found: &Config) -> Result<(), ClusterError> {
    let differs = [
        ("subjects", found.subjects != wanted.subjects),
        ("max_msgs_per_subject", found.max_messages_per_subject.max(0) != wanted.max_messages_per_subject.max(0)),
        ("max_msgs", found.max_messages > 0),
        ("max_age", !found.max_age.is_zero()),
        ("retention", found.retention != wanted.retention),
        ("discard", found.max_bytes > 0 && found.discard != wanted.discard),
        ("allow_direct", wanted.allow_direct && !found.allow_direct),
        ("no_ack", found.no_ack),
        ("deny_purge", found.deny_purge),
        ("sealed", found.sealed),
        ("mirror or sources", found.mirror.is_some() || found.sources.as_ref().is_some_and(|sources| !sources.is_empty())),
    ];
    let differs: Vec<_> = differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
    let name = &wanted.name;
    if !differs.is_empty() {
        let differs = differs.join(", ");
        return Err(ClusterError(format!(
            "the stream {name} has other settings than the cluster needs ({differs}): choose another name for the cluster, or delete the stream"
        )));
    }
    if found.num_replicas != wanted.num_replicas {
        let (has, asked) = (found.num_replicas, wanted.num_replicas);
        tracing::warn!("the stream {name} has {has} replicas and not {asked}: change them with the command `nats stream edit`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_would_drop_records_is_refused() {
        let names = Names::new("c").expect("it is valid");
        let wanted = rooms(&names, 1);
        assert_eq!(check(&wanted, &wanted), Ok(()));
        let aged = Config { max_age: std::time::Duration::from_secs(1), allow_direct: false, ..wanted.clone() };
        let error = check(&wanted, &aged).expect_err("it drops records").to_string();
        assert!(error.contains("c-rooms") && error.contains("(max_age, allow_direct)"), "{error}");
        assert_eq!(check(&wanted, &Config { num_replicas: 3, ..wanted.clone() }), Ok(()));
    }
}
