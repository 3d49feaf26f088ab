//! The names of sessions.

use bytestring::ByteString;

use crate::types::ClientId;

/// The longest handle.
const MAX_BYTES: usize = 64;

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
    /// The handle of the session of a client on a shard.
    pub fn handle(shard: usize, client: ClientId) -> ByteString {
        format!("{shard}-{client}").into()
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
            let (shard, client) = value.split_once('-')?;
            Some(Self::Session(shard.parse().ok()?, client.parse::<u64>().ok()?.into()))
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
    fn other_values_are_refused() {
        for value in ["", "a b", "a%20b", &"a".repeat(65)] {
            assert_eq!(Claim::read(value), None, "{value}");
        }
    }
}
