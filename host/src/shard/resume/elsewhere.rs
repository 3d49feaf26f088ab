//! Sessions that other nodes of a cluster have.

use std::fmt::Debug;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::handle::{Claim, Foreign};
use crate::protocol::resume::{Fresh, Hello};
use crate::types::ClientId;

/// A session whose client has come to another node, and the proof that it is that client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// The name of the session.
    handle: String,
    /// The room that the client has asked for.
    pub room: String,
    /// The token of its hello, in hexadecimal digits.
    token: String,
    received: u64,
}

/// Shows no token.
impl Debug for Departure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Departure").field("handle", &self.handle).field("room", &self.room).finish_non_exhaustive()
    }
}

/// The way to the nodes that have sessions.
pub trait Peers: Debug + Send + Sync {
    /// Whether another node lives whose clients have such ids.
    fn has(&self, client: ClientId) -> bool;

    /// Has the node of this client end its session. Resolves when the client is no member of its room any more, or when the node does not answer
    /// in time.
    fn end_session(&self, client: ClientId, departure: Departure) -> BoxFuture<'static, ()>;
}

impl Departure {
    /// The departure of a client that has said this hello. `None` if it has no token.
    pub fn new(session: Foreign, room: &str, hello: &Hello) -> Option<Self> {
        let token = hello.token?.to_string();
        Some(Self { handle: session.handle().to_string(), room: room.to_owned(), token, received: hello.received })
    }

    /// The shard and the client of the session, at its node. `None` if this process has never had it.
    pub fn place(&self) -> Option<(usize, ClientId)> {
        match Claim::read(&self.handle) {
            Some(Claim::Session(shard, client)) => Some((shard, client)),
            _ => None,
        }
    }

    /// The client's hello.
    ///
    /// # Errors
    /// [`Fresh::Unknown`]: its token is malformed.
    pub fn hello(&self) -> Result<Hello, Fresh> {
        let token = self.token.parse().map_err(|_| Fresh::Unknown)?;
        Ok(Hello { token: Some(token), received: self.received })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::resume::Token;

    #[test]
    fn a_departure_tells_the_hello_of_the_client_and_is_shown_without_its_token() {
        let Some(Claim::Foreign(session)) = Claim::read("3-17-00ff00ff00ff") else { panic!("it is a handle") };
        let hello = Hello { token: Some(Token([0xab; 16])), received: 7 };
        let departure = Departure::new(session, "/a", &hello).expect("it has a token");
        let json = serde_json::to_string(&departure).expect("it is text");
        let read: Departure = serde_json::from_str(&json).expect("it was written so");
        assert_eq!((read.hello(), &*read.room), (Ok(hello), "/a"));
        assert_eq!(read.place(), None, "another process has made the handle");
        assert!(!format!("{read:?}").contains("abab"), "{read:?}");
        assert!(Departure::new(session, "/a", &Hello { token: None, received: 0 }).is_none());
        assert_eq!(Departure { token: "?".into(), ..departure }.hello(), Err(Fresh::Unknown));
    }
}
