//! The names of sessions.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use bytestring::ByteString;

use crate::types::ClientId;

/// The longest handle.
const MAX_BYTES: usize = 64;

/// Makes the third part of each handle: of another process, and of another client, it is another.
static MARKS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The wish of a client that speaks the protocol of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// A new session.
    New,
    /// The session of this client, on the shard of this number.
    Session(usize, ClientId),
    /// A session of another process, which may be a node of the same cluster.
    Foreign(Foreign),
    /// A session that this server cannot have.
    Unknown,
}

/// The session of a client of another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// The client.
    pub client: ClientId,
    shard: usize,
    mark: u64,
}

impl Foreign {
    /// The handle that the other process has made.
    pub fn handle(self) -> ByteString {
        handle_of(self.shard, self.client, self.mark)
    }
}

fn handle_of(shard: usize, client: ClientId, mark: u64) -> ByteString {
    format!("{shard}-{client}-{mark:012x}").into()
}

impl Claim {
    /// The handle of the session of a client on a shard. One of an earlier process names no session of this one, and a client that knows its own
    /// handle does not know those of others.
    pub fn handle(shard: usize, client: ClientId) -> ByteString {
        handle_of(shard, client, MARKS.hash_one((shard, client)) >> 16)
    }

    /// Reads the value of the query's parameter. `None` if it is neither `new` nor a handle.
    pub fn read(value: &str) -> Option<Self> {
        let is_handle = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if value.is_empty() || value.len() > MAX_BYTES || !value.bytes().all(is_handle) {
            return None;
        }
        if value == "new" {
            return Some(Self::New);
        }
        let session = || {
            let mut parts = value.split('-');
            let (shard, client) = (parts.next()?.parse().ok()?, parts.next()?.parse::<u64>().ok()?.into());
            if Self::handle(shard, client) == value {
                return Some(Self::Session(shard, client));
            }
            let foreign = Foreign { client, shard, mark: u64::from_str_radix(parts.next()?, 16).ok()? };
            (foreign.handle() == value).then_some(Self::Foreign(foreign))
        };
        Some(session().unwrap_or(Self::Unknown))
    }

    /// The client whose session is asked for.
    pub fn client(self) -> Option<ClientId> {
        if let Self::Session(_, client) = self { Some(client) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_and_one_of_another_server_is_unknown() {
        let handle = Claim::handle(3, 17.into());
        assert_eq!(Claim::read(&handle), Some(Claim::Session(3, 17.into())));
        assert_eq!(Claim::read("new"), Some(Claim::New));
        assert_eq!(Claim::read("node7.x~y"), Some(Claim::Unknown));
        assert_eq!(Claim::read("3-x"), Some(Claim::Unknown));
        let Some(Claim::Foreign(foreign)) = Claim::read("3-17-00ff00ff00ff") else { panic!("another process may have made it") };
        assert_eq!((&*foreign.handle(), foreign.client), ("3-17-00ff00ff00ff", 17.into()));
        for broken in ["3-17-00FF00FF00FF", "3-17-ff", "03-17-00ff00ff00ff", "3-17-00ff00ff00ff-"] {
            assert_eq!(Claim::read(broken), Some(Claim::Unknown), "{broken}");
        }
    }

    #[test]
    fn a_handle_that_somebody_has_guessed_is_none_of_this_process() {
        let [mine, theirs] = [17, 18].map(|client: u64| Claim::handle(3, client.into()));
        let mark = mine.rsplit('-').next().expect("it has parts");
        assert_ne!(theirs.rsplit('-').next(), Some(mark));
        for guess in ["3-18", "3-18-", &format!("3-18-{mark}"), &format!("{theirs}-"), &format!("0{theirs}")] {
            assert!(matches!(Claim::read(guess), Some(Claim::Unknown | Claim::Foreign(_))), "{guess}");
        }
    }

    #[test]
    fn other_values_are_refused() {
        for value in ["", "a b", "a%20b", "3-17-+0ff00ff00ff", &"a".repeat(65)] {
            assert_eq!(Claim::read(value), None, "{value}");
        }
    }
}
