//! How a server is put together.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::app::{App, Launch};
use crate::config::{Config, Limits};
use crate::error::Error;
use crate::front::{self, Front};
use crate::guest::{Engine, Program};
use crate::handle::Handle;
use crate::native::{Callbacks, Factory};
use crate::room::Room;
use crate::server::Server;
use crate::shard::{self, Door, Roster, ShardHandle};
use crate::types::{Client, CloseInfo, Message};

/// Starts the shard of an app whose type is known only where the app was given.
type Start = Box<dyn FnOnce(Limits, Arc<Roster>) -> Result<(ShardHandle, Arc<Door>), Error> + Send>;

/// Puts a server together: an app (a component, a native `App`, or callbacks) and what differs from the defaults.
#[derive(Default)]
pub struct Builder {
    config: Config,
    listener: Option<TcpListener>,
    component: Option<PathBuf>,
    app: Option<Start>,
    callbacks: Callbacks,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).field("component", &self.component).finish_non_exhaustive()
    }
}

impl Builder {
    /// The TCP port, 13254 by default; 0 has the system choose one, which `Server::local_addr` tells.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.config.port = port;
        self
    }

    /// The host name or address to listen on. By default `127.0.0.1`, which is reachable from this machine alone;
    /// `0.0.0.0` opens the server to the network.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.config.host = host.into();
        self
    }

    /// A listener of the caller's, in place of host and port.
    #[must_use]
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Serves the Wasm component in this file.
    #[must_use]
    pub fn component(mut self, path: impl Into<PathBuf>) -> Self {
        self.component = Some(path.into());
        self
    }

    /// Serves a native app. `make` is called for each instance: at the start, and after a failure.
    #[must_use]
    pub fn app<A: App>(mut self, make: impl Fn() -> A + Send + Sync + 'static) -> Self {
        let factory = Factory::new(make);
        self.app = Some(Box::new(move |limits, roster| start("the app", factory, limits, roster)));
        self
    }

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

    /// Whether `GET /` answers with the chat page. It does by default.
    #[must_use]
    pub fn page(mut self, page: bool) -> Self {
        self.config.page = page;
        self
    }

    /// Admits pages of one more origin: `https://app.example`, `*.example.com`, `null` or `*`.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.config.allow_origins.push(origin.into());
        self
    }

    /// The limits, in place of the defaults.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Loads the app, listens, and starts the app's first instance. When several kinds of app were given, a component
    /// comes before an `App`, and that before callbacks.
    ///
    /// # Errors
    /// Everything that can keep a server from serving; each says in one line what to do.
    pub fn build(self) -> Result<Server, Error> {
        let Self { config, listener, component, app, callbacks } = self;
        let limits = config.limits.clone();
        let roster = Arc::new(Roster::default());
        // The port first, since it fails faster than a component compiles.
        let listener = match listener {
            Some(listener) => listener,
            None => front::listen(&config.host, config.port)?,
        };
        let (shard, door) = match (component, app) {
            (Some(path), _) => {
                let program = Program::load(&Engine::new()?, &path, &limits)?;
                let name = program.name().to_owned();
                start(&name, program, limits.clone(), Arc::clone(&roster))?
            }
            (None, Some(start)) => start(limits.clone(), Arc::clone(&roster))?,
            (None, None) if callbacks.is_empty() => return Err(Error::NothingToServe),
            (None, None) => start("the app", callbacks, limits.clone(), Arc::clone(&roster))?,
        };
        let (stop, stopped) = watch::channel(None);
        let handle = Handle::new(shard.commands.clone(), roster, Arc::clone(&door), stop, limits.drain_timeout);
        let max_connections = limits.max_connections.unwrap_or_else(front::default_max_connections);
        let front = Front::new(
            config.page,
            config.allow_origins,
            door,
            shard.commands.clone(),
            max_connections,
            limits.handshake_timeout,
        );
        Server::new(listener, front, shard, handle, stopped)
    }
}

fn start<L: Launch>(name: &str, launch: L, limits: Limits, roster: Arc<Roster>) -> Result<(ShardHandle, Arc<Door>), Error> {
    let door = Arc::new(Door::new(launch.has_gate()));
    let shard = shard::spawn(0, name, launch, limits, Arc::clone(&door), roster)?;
    Ok((shard, door))
}
