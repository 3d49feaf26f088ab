//! The one that asks, and its rights.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::Problem;
use crate::log::printable;

/// A right of a caller. Each includes the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// See everything.
    Read,
    /// Send messages and events.
    Send,
    /// Change everything.
    Admin,
}

impl Right {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Send, Self::Admin];

    /// Its name, which the description of a route has too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Send => "send",
            Self::Admin => "admin",
        }
    }
}

/// The one that asks. A door adds it to each request that has a right.
#[derive(Debug, Clone)]
pub struct Caller {
    name: Arc<str>,
    right: Right,
    by: Door,
}

/// A way into the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The admin socket, whose callers see the server's files too.
    Unix,
    /// An address.
    Tcp,
}

impl Caller {
    /// A caller of this name that has this right.
    pub fn new(name: &str, right: Right, by: Door) -> Self {
        Self { name: name.into(), right, by }
    }

    /// The name, for the app.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The way in.
    pub fn door(&self) -> Door {
        self.by
    }

    fn of(parts: &Parts, right: Right) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().ok_or_else(Problem::unauthorized)?;
        if caller.right >= right {
            return Ok(caller.clone());
        }
        let (name, has, asks) = (&caller.name, caller.right.name(), right.name());
        Err(Problem::forbidden(format!("the token {name:?} has the right {has}, and this takes the right {asks}")))
    }
}

impl fmt::Display for Caller {
    /// The one that asks, for the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            Door::Unix => f.write_str("the admin socket"),
            Door::Tcp => write!(f, "the API's token {}", printable(&self.name)),
        }
    }
}

macro_rules! extractor {
    ($(#[$text:meta])* $name:ident, $right:expr) => {
        $(#[$text])*
        #[derive(Debug)]
        pub struct $name(pub Caller);

        impl<S: Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                Caller::of(parts, $right).map(Self)
            }
        }
    };
}

/// A caller that has the right to read. Its answer is the same for every caller.
#[derive(Debug)]
pub struct MayRead;

impl<S: Sync> FromRequestParts<S> for MayRead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Caller::of(parts, Right::Read).map(|_| Self)
    }
}

extractor!(
    /// A caller that has the right to send.
    MaySend,
    Right::Send
);
extractor!(
    /// A caller that has all rights.
    MayAdminister,
    Right::Admin
);
