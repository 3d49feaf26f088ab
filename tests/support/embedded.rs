//! The library in this process, on its own thread and a free port.

use std::thread::JoinHandle;

use ws_host::{Builder, Error, Handle};

use super::client::Client;

/// A running server, stopped on drop.
pub struct Embedded {
    /// Its handle.
    pub handle: Handle,
    /// `127.0.0.1:40123`
    pub address: String,
    running: Option<JoinHandle<Result<(), Error>>>,
}

impl Embedded {
    /// Builds and runs a server.
    pub fn start(builder: Builder) -> Self {
        let server = builder.port(0).build().expect("the server starts");
        let (handle, address) = (server.handle(), server.local_addr().to_string());
        Self { handle, address, running: Some(std::thread::spawn(|| server.run_forever())) }
    }

    /// Its URL for a path.
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// Connects a client.
    pub async fn connect(&self) -> Client {
        Client::connect_url(&self.url("/")).await
    }

    /// Connects a client to an app that announces joins, and waits for its own.
    pub async fn join(&self) -> (Client, u64) {
        self.connect().await.has_joined().await
    }

    /// Waits until `run_forever` has returned.
    pub async fn ends(mut self) -> Result<(), Error> {
        let running = self.running.take().expect("this is the only place that takes it");
        let ended = tokio::task::spawn_blocking(|| running.join().expect("the server does not panic"));
        ended.await.expect("waiting does not panic")
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}
