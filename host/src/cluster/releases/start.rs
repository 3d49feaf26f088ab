//! The component that a node starts with.

use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ws_cluster::Answer;
use ws_cluster::release::{Beginning, Component, Ledger, Outcome, ReleaseRecord, What};

use super::components::{Components, Unfetched, sha256};
use super::stream::{ReleaseStream, Useless};
use super::{ClusterReleases, now_unix};
use crate::cluster::node::Node;
use crate::cluster::settings::ClusterError;
use crate::log::printable;

/// A component that has not come from NATS by then is given up.
const WITHIN: Duration = Duration::from_secs(60);

/// The release that a node starts with.
#[derive(Debug)]
pub struct Start {
    /// The cluster's component: its name and its bytes. `None` if the node's own is the cluster's.
    pub instead: Option<(String, Bytes)>,
    pub(super) ledger: Ledger,
    /// The hash of the component that the node starts with.
    pub(super) running: ByteString,
    /// The node's own component, which becomes the next release.
    pub(super) deploy: Option<(Component, Bytes)>,
}

/// Compares the node's component with the cluster's release. Blocks.
pub(super) fn check(node: &Node, name: &str, bytes: &Bytes, deploys: bool) -> Result<Start, ClusterError> {
    let (done, result) = mpsc::channel();
    let component = Component { sha256: sha256(bytes).into(), name: name.into() };
    let (checked, bytes) = (node.clone(), bytes.clone());
    node.spawn(async move {
        // The caller may have given up.
        let _ = done.send(compare(&checked, component, bytes, deploys).await);
    });
    let late = |_| {
        ClusterError(
            "NATS does not answer in time, so the cluster's release is unknown: check that JetStream has a leader".into(),
        )
    };
    result.recv_timeout(WITHIN).map_err(late)?
}

async fn compare(node: &Node, component: Component, bytes: Bytes, deploys: bool) -> Result<Start, ClusterError> {
    let start = found_at_start(node, component, bytes, deploys).await?;
    let number = start.ledger.number();
    node.core().present.show(number, number);
    Ok(start)
}

async fn found_at_start(node: &Node, component: Component, bytes: Bytes, deploys: bool) -> Result<Start, ClusterError> {
    let (stream, components) = (ReleaseStream::of(node), Components::of(node.core()));
    stream.ensure().await?;
    let running = component.sha256.clone();
    loop {
        let mut ledger = stream.ledger().await.map_err(useless)?;
        let Some(life) = node.life() else {
            return Err(ClusterError("the node has lost its number while it started: start it again".into()));
        };
        match Beginning::of(&component, &ledger, life, now_unix()) {
            Beginning::Same => return Ok(Start { instead: None, ledger, running, deploy: None }),
            Beginning::First(publication) => {
                components.put(&component, &bytes).await?;
                let record = publication.record.clone();
                // Otherwise another node was first, or the answer is lost: the next reading tells.
                if let Answer::Stored(sequence) = stream.publish(publication).await {
                    ledger.push(sequence, record);
                    return Ok(Start { instead: None, ledger, running, deploy: None });
                }
            }
            known @ (Beginning::Replaced | Beginning::New) => {
                let release = ledger.running().expect("without one, the beginning is the first").clone();
                if !deploys {
                    return Err(differs(&component, &release));
                }
                let deploy = (known == Beginning::New).then_some((component.clone(), bytes));
                if deploy.is_none() {
                    tracing::warn!("{}: the node starts with that one", found(&component, &release));
                }
                let fetched = components.fetch(&release.component).await.map_err(|error| unfetched(&release, error))?;
                let instead = Some((release.component.name.to_string(), fetched));
                return Ok(Start { instead, ledger, running: release.component.sha256, deploy });
            }
        }
    }
}

fn useless(useless: Useless) -> ClusterError {
    ClusterError(match useless {
        Useless::Unread => "the releases of the cluster cannot be read: check that JetStream has a leader".into(),
        Useless::Malformed(sequence) => format!(
            "the record {sequence} of the cluster's releases is of a later version of ws-host, or damaged: start the node with that version"
        ),
    })
}

/// A component with the first digits of its hash.
fn shown(component: &Component) -> String {
    let hash = component.sha256.get(..12).unwrap_or(&component.sha256);
    format!("{} ({hash})", printable(&component.name))
}

fn found(component: &Component, release: &ReleaseRecord) -> String {
    format!("{} is not release {} of the cluster, {}", shown(component), release.number, shown(&release.component))
}

fn differs(component: &Component, release: &ReleaseRecord) -> ClusterError {
    ClusterError(format!(
        "{}: start the node with that one and then swap, or let a node that starts take the cluster to a new component",
        found(component, release)
    ))
}

fn unfetched(release: &ReleaseRecord, error: Unfetched) -> ClusterError {
    let (Unfetched::NotNow(problem) | Unfetched::Wrong(problem)) = error;
    let (number, component) = (release.number, shown(&release.component));
    ClusterError(format!(
        "release {number} of the cluster, {component}, cannot be fetched from NATS: {problem}; start the node with its file"
    ))
}

/// Makes the component with which a node has started the next release.
pub(super) async fn deploy(releases: ClusterReleases, component: Component, bytes: Bytes) {
    let shown = shown(&component);
    match releases.ask(What::Deploy(component.clone()), Some((component, bytes)), true).await {
        Ok(Outcome::Done { number, .. }) => {
            tracing::info!("{shown}, with which this node has started, is release {number} of the cluster");
        }
        Ok(Outcome::Unneeded) => {}
        Ok(Outcome::CalledOff { reason, by }) => {
            tracing::error!(
                "{shown}, with which this node has started, was called off by node {}: {}",
                by.number,
                printable(&reason)
            );
        }
        Ok(Outcome::Unknown | Outcome::NothingBefore) => {
            tracing::error!("{shown} has not become a release: NATS does not answer");
        }
        Err(error) => tracing::error!("{shown} has not become a release: {error}"),
    }
}
