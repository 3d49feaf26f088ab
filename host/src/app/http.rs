//! HTTP requests of an app, and their answers: see [`Room::fetch`](crate::Room::fetch).

pub use crate::fetch::{BodyPart, Cause, Failure, FetchError, FetchRequest, Response};
