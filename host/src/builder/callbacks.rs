//! The callbacks of a native app.

use std::sync::Arc;

use super::Builder;
use crate::app::http::IncomingRequest;
use crate::room::Room;
use crate::types::{Client, CloseInfo, Message};

impl Builder {
    /// Calls a function for every new client.
    #[must_use]
    pub fn on_new_client(mut self, callback: impl Fn(&mut Room, &Client) + Send + Sync + 'static) -> Self {
        self.callbacks.on_new_client = Some(Arc::new(callback));
        self
    }

    /// Calls a function for every message.
    #[must_use]
    pub fn on_message(mut self, callback: impl Fn(&mut Room, &Client, Message) + Send + Sync + 'static) -> Self {
        self.callbacks.on_message = Some(Arc::new(callback));
        self
    }

    /// Calls a function for every client that has left.
    #[must_use]
    pub fn on_client_left(mut self, callback: impl Fn(&mut Room, &Client, &CloseInfo) + Send + Sync + 'static) -> Self {
        self.callbacks.on_client_left = Some(Arc::new(callback));
        self
    }

    /// Calls a function for every plain HTTP request. `Room::respond` answers it, then or later. Without this, the server answers them itself.
    #[must_use]
    pub fn on_request(mut self, callback: impl Fn(&mut Room, u64, IncomingRequest) + Send + Sync + 'static) -> Self {
        self.callbacks.on_request = Some(Arc::new(callback));
        self
    }

    /// Calls a function when a client has read everything of an answer in chunks that had passed the soft limit.
    #[must_use]
    pub fn on_request_drained(mut self, callback: impl Fn(&mut Room, u64) + Send + Sync + 'static) -> Self {
        self.callbacks.on_request_drained = Some(Arc::new(callback));
        self
    }

    /// Calls a function when a plain HTTP request ends without the end of its answer.
    #[must_use]
    pub fn on_request_gone(mut self, callback: impl Fn(&mut Room, u64) + Send + Sync + 'static) -> Self {
        self.callbacks.on_request_gone = Some(Arc::new(callback));
        self
    }
}
