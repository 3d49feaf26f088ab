//! HTTP requests of an app, and their answers: see [`Room::fetch`](crate::Room::fetch). Plain HTTP requests to an app: see
//! [`Room::respond`](crate::Room::respond).

pub use crate::fetch::{BodyPart, Cause, Failure, FetchError, FetchRequest, Response};
pub use crate::requests::{Head, IncomingRequest, RespondError};
