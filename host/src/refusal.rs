//! The one table from the reason of a refusal to its HTTP status and its name in metrics.

/// Why a connection does not become a client. [`Reason::row`] is the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The server has all the connections that it may have.
    Connections,
    /// The address has all the connections that it may have.
    Address,
    /// The owner denies new clients.
    Denied,
    /// The page's origin is not admitted.
    Origin,
    /// The upgrade request breaks a rule of HTTP or of the opening handshake.
    Request,
    /// The path names no room.
    Path,
    /// The app's gate has refused the client, or closed it at once.
    Gate,
    /// The app's gate has failed, or its answer cannot be used.
    GateFailed,
    /// The room did not decide in time.
    Undecided,
    /// More upgrade requests wait for the room than it can decide about.
    Busy,
    /// The room has all the clients that it may have.
    RoomFull,
    /// The app denies new clients of the room.
    RoomDenies,
    /// The app keeps failing: in this room, on clients of this address, or in the rooms that start.
    Failing,
    /// The server cannot open another room.
    Rooms,
    /// The journal could not keep what the room has decided.
    Journal,
    /// The server shuts down.
    Stopping,
    /// The TLS handshake failed.
    Tls,
    /// A trusted proxy's header is missing or wrong.
    Proxy,
    /// No upgrade request came in time.
    Late,
    /// The client has gone before it was answered.
    Gone,
    /// The connection could not be handed over.
    Lost,
}

impl Reason {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 21] = [
        Self::Connections,
        Self::Address,
        Self::Denied,
        Self::Origin,
        Self::Request,
        Self::Path,
        Self::Gate,
        Self::GateFailed,
        Self::Undecided,
        Self::Busy,
        Self::RoomFull,
        Self::RoomDenies,
        Self::Failing,
        Self::Rooms,
        Self::Journal,
        Self::Stopping,
        Self::Tls,
        Self::Proxy,
        Self::Late,
        Self::Gone,
        Self::Lost,
    ];

    /// The name of the reason in metrics, and the status of the answer: `None` if the request or the gate decides it, or nothing is answered.
    const fn row(self) -> (&'static str, Option<u16>) {
        match self {
            Self::Connections => ("connections", Some(503)),
            Self::Address => ("address", Some(429)),
            Self::Denied => ("denied", Some(503)),
            Self::Origin => ("origin", Some(403)),
            Self::Request => ("request", None),
            Self::Path => ("path", Some(404)),
            Self::Gate => ("gate", None),
            Self::GateFailed => ("gate-failed", Some(500)),
            Self::Undecided => ("undecided", Some(503)),
            Self::Busy => ("busy", Some(503)),
            Self::RoomFull => ("room-full", Some(503)),
            Self::RoomDenies => ("room-denies", Some(503)),
            Self::Failing => ("failing", Some(503)),
            Self::Rooms => ("rooms", Some(503)),
            Self::Journal => ("journal", Some(503)),
            Self::Stopping => ("stopping", Some(503)),
            Self::Tls => ("tls", None),
            Self::Proxy => ("proxy", None),
            Self::Late => ("late", None),
            Self::Gone => ("gone", None),
            Self::Lost => ("lost", None),
        }
    }

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The status of the answer, or 400 where the table has none.
    pub const fn status(self) -> u16 {
        match self.row().1 {
            Some(status) => status,
            None => 400,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_its_number_and_a_name_of_its_own() {
        let numbers: Vec<_> = Reason::ALL.map(|reason| reason as usize).into();
        assert_eq!(numbers, (0..Reason::ALL.len()).collect::<Vec<_>>());
        let names: HashSet<_> = Reason::ALL.map(Reason::name).into();
        assert_eq!(names.len(), Reason::ALL.len());
    }
}
