//! Plain HTTP requests to an app, and its answers: see [`Room::respond`](crate::Room::respond).

pub use crate::requests::{Head, IncomingRequest, RespondError};
