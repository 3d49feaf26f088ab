//! Native apps in place of a Wasm guest: a factory of `App`s, or plain callbacks.

use std::future::Future;
use std::sync::Arc;

use crate::app::{App, Fault, Launch, Outcome};
use crate::requests::IncomingRequest;
use crate::room::Room;
use crate::types::{Client, ClientId, CloseInfo, Message};

/// Makes apps with a function.
pub struct Factory<F>(Arc<F>);

impl<F> Factory<F> {
    pub fn new(make: F) -> Self {
        Self(Arc::new(make))
    }
}

impl<F> Clone for Factory<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: App, F: Fn() -> A + Send + Sync + 'static> Launch for Factory<F> {
    type App = A;

    async fn launch(&self, _room: &str) -> Result<A, Fault> {
        // The function runs within `launch`, so that its panic is a failure of the app like any other.
        Ok((self.0)())
    }

    fn has_gate(&self) -> bool {
        A::HAS_GATE
    }

    fn answers_requests(&self) -> bool {
        A::ANSWERS_REQUESTS
    }
}

type OnNewClient = dyn Fn(&mut Room, &Client) + Send + Sync;
type OnMessage = dyn Fn(&mut Room, &Client, Message) + Send + Sync;
type OnClientLeft = dyn Fn(&mut Room, &Client, &CloseInfo) + Send + Sync;
type OnRequest = dyn Fn(&mut Room, u64, IncomingRequest) + Send + Sync;
type OnRequestEvent = dyn Fn(&mut Room, u64) + Send + Sync;

/// The three callbacks that python-websocket-server has, and those of plain HTTP requests, each of them optional.
#[derive(Clone, Default)]
pub struct Callbacks {
    pub on_new_client: Option<Arc<OnNewClient>>,
    pub on_message: Option<Arc<OnMessage>>,
    pub on_client_left: Option<Arc<OnClientLeft>>,
    pub on_request: Option<Arc<OnRequest>>,
    pub on_request_drained: Option<Arc<OnRequestEvent>>,
    pub on_request_gone: Option<Arc<OnRequestEvent>>,
}

impl Callbacks {
    pub fn is_empty(&self) -> bool {
        self.on_new_client.is_none() && self.on_message.is_none() && self.on_client_left.is_none() && self.on_request.is_none()
    }
}

impl App for Callbacks {
    async fn on_new_client(&mut self, room: &mut Room, client: &Client) -> Outcome {
        if let Some(callback) = &self.on_new_client {
            callback(room, client);
        }
        Ok(())
    }

    async fn on_message(&mut self, room: &mut Room, from: ClientId, message: Message) -> Outcome {
        if let Some(callback) = &self.on_message
            && let Some(client) = room.client(from).cloned()
        {
            callback(room, &client, message);
        }
        Ok(())
    }

    async fn on_client_left(&mut self, room: &mut Room, id: ClientId, info: &CloseInfo) -> Outcome {
        if let Some(callback) = &self.on_client_left
            && let Some(client) = room.client(id).cloned()
        {
            callback(room, &client, info);
        }
        Ok(())
    }

    async fn on_request(&mut self, room: &mut Room, id: u64, asked: IncomingRequest) -> Outcome {
        if let Some(callback) = &self.on_request {
            callback(room, id, asked);
        }
        Ok(())
    }

    async fn on_request_drained(&mut self, room: &mut Room, id: u64) -> Outcome {
        if let Some(callback) = &self.on_request_drained {
            callback(room, id);
        }
        Ok(())
    }

    async fn on_request_gone(&mut self, room: &mut Room, id: u64) -> Outcome {
        if let Some(callback) = &self.on_request_gone {
            callback(room, id);
        }
        Ok(())
    }
}

impl Launch for Callbacks {
    type App = Self;

    fn launch(&self, _room: &str) -> impl Future<Output = Result<Self, Fault>> {
        std::future::ready(Ok(self.clone()))
    }

    fn answers_requests(&self) -> bool {
        self.on_request.is_some()
    }

    fn takes_events(&self) -> bool {
        false
    }
}
