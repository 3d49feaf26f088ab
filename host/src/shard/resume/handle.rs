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
    /// A session that this server cannot have.
    Unknown,
}

impl Claim {
    /// The handle of the session of a client on a shard. One of an earlier process names no session of this one, and a client that knows its own
    /// handle does not know those of others.
    pub fn handle(shard: usize, client: ClientId) -> ByteString {
        let mark = MARKS.hash_one((shard, client)) >> 16;
        format!("{shard}-{client}-{mark:012x}").into()
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
            (Self::handle(shard, client) == value).then_some(Self::Session(shard, client))
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
    }

    #[test]
    fn a_handle_that_somebody_has_guessed_is_unknown() {
        let [mine, theirs] = [17, 18].map(|client: u64| Claim::handle(3, client.into()));
        let mark = mine.rsplit('-').next().expect("it has parts");
        assert_ne!(theirs.rsplit('-').next(), Some(mark));
        for guess in ["3-18", "3-18-", &format!("3-18-{mark}"), &format!("{theirs}-"), &format!("0{theirs}")] {
            assert_eq!(Claim::read(guess), Some(Claim::Unknown), "{guess}");
        }
    }

    #[test]
    fn other_values_are_refused() {
        for value in ["", "a b", "a%20b", &"a".repeat(65)] {
            assert_eq!(Claim::read(value), None, "{value}");
        }
    }
}
