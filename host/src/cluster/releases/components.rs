//! The bytes of components, in NATS' object store by their hash.

use std::collections::HashSet;
use std::time::Duration;

use async_nats::jetstream::object_store::{Config, GetErrorKind, ObjectMetadata, ObjectStore};
use async_nats::jetstream::stream::StorageType;
use bytes::Bytes;
use bytestring::ByteString;
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;
use ws_cluster::release::Component;

use super::now_unix;
use crate::cluster::core::Core;
use crate::cluster::link::Link;
use crate::cluster::settings::ClusterError;
use crate::file::MAX_COMPONENT_BYTES;

/// An object without a record is left alone for so long: its record may be on its way.
const SPARED: Duration = Duration::from_secs(3600);
/// The time in which a component comes, or is asked for once more.
const FETCH: Duration = Duration::from_secs(60);

/// The components of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Components {
    link: Link,
    bucket: String,
    replicas: usize,
}

/// Why a component cannot be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfetched {
    /// It may be there later.
    NotNow(String),
    /// Its bytes are not those of the hash.
    Wrong(String),
}

impl Components {
    /// Those of this node's cluster.
    pub(super) fn of(core: &Core) -> Self {
        Self { link: core.link.clone(), bucket: core.names.components(), replicas: usize::from(core.replicas.max(1)) }
    }

    /// Stores a component under its hash.
    pub(super) async fn put(&self, component: &Component, bytes: &Bytes) -> Result<(), ClusterError> {
        let hash = component.sha256.to_string();
        if let Ok(store) = self.store().await
            && store.info(&hash).await.is_ok_and(|info| !info.deleted && info.size == bytes.len())
        {
            return Ok(());
        }
        let meta = ObjectMetadata { name: hash, description: Some(component.name.to_string()), ..ObjectMetadata::default() };
        let stored = async { self.store().await?.put(meta, &mut &bytes[..]).await.map_err(|error| error.to_string()) };
        stored.await.map(drop).map_err(|error| {
            ClusterError(format!(
                "the component {} cannot be stored in NATS, for the other nodes: {error}; check that JetStream has room",
                component.name
            ))
        })
    }

    /// The bytes of a component, whose hash is right.
    pub(super) async fn fetch(&self, component: &Component) -> Result<Bytes, Unfetched> {
        let read = async {
            let mut object = self.store().await?.get(&component.sha256).await.map_err(|error| match error.kind() {
                GetErrorKind::NotFound => "NATS does not have it".to_owned(),
                _ => error.to_string(),
            })?;
            if object.info().size as u64 > MAX_COMPONENT_BYTES {
                return Err("it is too large".to_owned());
            }
            let mut bytes = Vec::with_capacity(object.info().size);
            object.read_to_end(&mut bytes).await.map_err(|error| error.to_string())?;
            Ok(Bytes::from(bytes))
        };
        let late = |_| Err("it does not come".to_owned());
        let bytes = tokio::time::timeout(FETCH, read).await.unwrap_or_else(late).map_err(Unfetched::NotNow)?;
        let hashed = bytes.clone();
        // It takes long: the node's thread renews the lease meanwhile.
        let hash =
            tokio::task::spawn_blocking(move || sha256(&hashed)).await.map_err(|error| Unfetched::NotNow(error.to_string()))?;
        if hash == *component.sha256 {
            Ok(bytes)
        } else {
            Err(Unfetched::Wrong(format!("NATS has other bytes, with the hash {hash}")))
        }
    }

    /// Removes the components that no record names.
    pub(super) async fn clean(&self, names: &HashSet<ByteString>) {
        let cleaned = async {
            let store = self.store().await?;
            let mut objects = store.list().await.map_err(|error| error.to_string())?;
            while let Some(object) = objects.next().await {
                let object = object.map_err(|error| error.to_string())?;
                let since = object.modified.map_or(0, |time| u64::try_from(time.unix_timestamp()).unwrap_or(0));
                if !names.contains(object.name.as_str()) && since + SPARED.as_secs() < now_unix() {
                    store.delete(&object.name).await.map_err(|error| error.to_string())?;
                }
            }
            Ok::<(), String>(())
        };
        if let Err(error) = cleaned.await {
            tracing::debug!("old components stay in NATS for now: {error}");
        }
    }

    /// The bucket, which is made if it is missing.
    async fn store(&self) -> Result<ObjectStore, String> {
        self.link.connected().await;
        let jetstream = &self.link.jetstream;
        if let Ok(store) = jetstream.get_object_store(&self.bucket).await {
            return Ok(store);
        }
        let config = Config {
            bucket: self.bucket.clone(),
            description: Some("ws-host: components, by their SHA-256".into()),
            storage: StorageType::File,
            num_replicas: self.replicas,
            ..Config::default()
        };
        match jetstream.create_object_store(config).await {
            Ok(store) => Ok(store),
            // Another node has made it meanwhile.
            Err(error) => jetstream.get_object_store(&self.bucket).await.map_err(|_| error.to_string()),
        }
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
