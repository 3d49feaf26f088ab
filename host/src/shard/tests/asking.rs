//! Upgrade requests of the tests' clients.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::sync::oneshot;

use super::super::command::Command;
use super::super::resume::Claim;
use super::Bench;
use crate::app::upgrade::UpgradeRequest;
use crate::room::Decision;
use crate::types::Request;

impl Bench {
    /// Asks to be let in.
    pub(super) async fn asks_to_join(&self, room: &str) -> oneshot::Receiver<Decision> {
        self.asks_from(room, Ipv4Addr::LOCALHOST).await
    }

    /// The same for a client with this address.
    pub(super) async fn asks_from(&self, room: &str, address: Ipv4Addr) -> oneshot::Receiver<Decision> {
        self.asks_with(room, address, None).await
    }

    /// The same for a client that perhaps has a session.
    pub(super) async fn asks_with(&self, room: &str, address: Ipv4Addr, claim: Option<Claim>) -> oneshot::Receiver<Decision> {
        let (answer, decision) = oneshot::channel();
        let request = UpgradeRequest {
            address: SocketAddr::from((address, 1)),
            request: Request::new("/", "", [] as [(&str, &str); 0]),
            subprotocols: Vec::new(),
            resumes: false,
        };
        self.command(Command::Upgrade(room.into(), Box::new(request), claim, None, answer)).await;
        decision
    }
}
