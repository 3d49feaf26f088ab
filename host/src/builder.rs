//! How a server is put together.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{mpsc, watch};

use crate::app::{App, Launch};
use crate::config::{Compression, Config, Instances, Limits, TlsSource};
use crate::error::Error;
use crate::front::{self, Endpoints, Front, Notice, OriginPolicy, Page, Pattern, Policy, Proxies, Router, Setup, Tls};
use crate::guest::{Engine, Program};
use crate::handle::Handle;
use crate::native::{Callbacks, Factory};
use crate::room::Room;
use crate::server::{Server, Thread};
use crate::shard::{self, Counters, Order, Roster, ShardContext};
use crate::swap::Releases;
use crate::types::{Client, CloseInfo, Message};

/// Starts the shard of an app whose type is known only where the app was given.
type Start = Box<dyn FnOnce(usize, ShardContext) -> Result<Vec<Thread>, Error> + Send>;

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
        self.app = Some(Box::new(move |count, context| Ok(start(count, &factory, &context)?.0)));
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

    /// Whether the page shows what `Handle::set_notice` says, for a development server to tell of its troubles. Not by default.
    #[must_use]
    pub fn notices(mut self, notices: bool) -> Self {
        self.config.notices = notices;
        self
    }

    /// Admits pages of one more origin: `https://app.example`, `*.example.com`, `null` or `*`.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.config.allow_origins.push(origin.into());
        self
    }

    /// Gives a component an environment variable. By default it has none, and never the host's own.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.grants.set_env(name.into(), value.into());
        self
    }

    /// Believes the `X-Forwarded-For` of one more proxy, an address or a network such as `10.0.0.0/8`: the address behind it is
    /// the client's then. Nobody else's is believed.
    #[must_use]
    pub fn trusted_proxy(mut self, proxy: impl Into<String>) -> Self {
        self.config.trusted_proxies.push(proxy.into());
        self
    }

    /// Whether connections from trusted proxies begin with a header of the PROXY protocol, version 1 or 2. Not by default.
    #[must_use]
    pub fn proxy_protocol(mut self, proxy_protocol: bool) -> Self {
        self.config.proxy_protocol = proxy_protocol;
        self
    }

    /// Which clients share an instance: everybody by default.
    #[must_use]
    pub fn instances(mut self, instances: Instances) -> Self {
        self.config.instances = instances;
        self
    }

    /// How a path names a room in `Instances::PerRoom`: `/chat/{room}`. By default the whole path is the name.
    #[must_use]
    pub fn room_path(mut self, pattern: impl Into<String>) -> Self {
        self.config.room_path = Some(pattern.into());
        self
    }

    /// How many threads run rooms: by default one for each core, or one if everybody shares an instance.
    #[must_use]
    pub fn shards(mut self, shards: usize) -> Self {
        self.config.shards = shards;
        self
    }

    /// Serves `https://` and `wss://` alone, with the certificate (best with its whole chain) and the private key in these PEM
    /// files. `Handle::reload_tls` loads them again.
    #[must_use]
    pub fn tls(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.config.tls = Some(TlsSource::Files { certificate: certificate.into(), key: key.into() });
        self
    }

    /// The same for development, with a certificate made at the start for `localhost`, `127.0.0.1` and `::1`. Browsers ask
    /// whether to trust it.
    #[cfg(feature = "self-signed")]
    #[must_use]
    pub fn self_signed_tls(mut self) -> Self {
        self.config.tls = Some(TlsSource::SelfSigned);
        self
    }

    /// How messages are compressed with clients that can: `Compression::Shared` by default.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.config.compression = compression;
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
        let limits = config.limits.clone().within_reach();
        limits.check()?;
        OriginPolicy::check(&config.allow_origins)?;
        let proxies = Proxies::parse(&config.trusted_proxies, config.proxy_protocol)?;
        let pattern = config.room_path.as_deref().map(parse_pattern).transpose()?;
        let tls = config.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
        // The port first, since it fails faster than a component compiles.
        let listener = match listener {
            Some(listener) => listener,
            None => front::listen(&config.host, config.port)?,
        };
        let roster = Arc::new(Roster::default());
        let counters = Arc::new(Counters::default());
        let mut context = ShardContext {
            app_name: "the app".into(),
            limits: limits.clone(),
            roster: Arc::clone(&roster),
            counters: Arc::clone(&counters),
            shared_room: (config.instances == Instances::Shared).then(|| front::SHARED_ROOM.into()),
        };
        let count = shard_count(&config);
        let mut releases = None;
        let shards = match (component, app) {
            (Some(path), _) => {
                let engine = match config.instances {
                    Instances::Shared => Engine::new()?,
                    Instances::PerRoom | Instances::PerClient => Engine::with_pool(limits.max_rooms, limits.guest_memory_bytes)?,
                };
                let program = Program::load(&engine, &path, &limits, &config.grants)?;
                context.app_name = program.name().to_owned();
                let (shards, orders) = start(count, &program, &context)?;
                releases = Some(Arc::new(Releases::new(engine, limits.clone(), config.grants, counters, orders, &path, program)));
                shards
            }
            (None, Some(start)) => start(count, context)?,
            (None, None) if callbacks.is_empty() => return Err(Error::NothingToServe),
            (None, None) => start(count, &callbacks, &context)?.0,
        };
        let (stop, stopped) = watch::channel(None);
        let admitting = Arc::new(AtomicBool::new(true));
        let notice = Notice::default();
        let commands: Vec<_> = shards.iter().map(|shard| shard.commands.clone()).collect();
        let handle = Handle::new(commands.clone(), roster, Arc::clone(&admitting), notice.clone(), releases, stop, &limits)
            .with_tls(tls.clone());
        let mut endpoints = Endpoints::default();
        if config.page {
            endpoints.add(Page::new(config.notices.then_some(notice)));
        }
        let local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
        let origins = OriginPolicy::new(config.allow_origins, local);
        let policy = Policy { origins, proxies, compression: config.compression, tls };
        let router = Router::new(config.instances, pattern, commands);
        let front = Front::new(Setup { policy, endpoints, router, admitting, limits });
        Server::new(listener, front, shards, handle, stopped)
    }
}

fn parse_pattern(text: &str) -> Result<Pattern, Error> {
    Pattern::parse(text).ok_or_else(|| Error::RoomPath(text.to_owned()))
}

/// One room needs one thread; many are spread over all cores.
fn shard_count(config: &Config) -> usize {
    match (config.instances, config.shards) {
        (Instances::Shared, _) => 1,
        (_, 0) => std::thread::available_parallelism().map_or(1, usize::from),
        (_, shards) => shards,
    }
}

type Orders<L> = Vec<mpsc::Sender<Order<L>>>;

/// Starts the shards. On an error, those that have started end with their commands.
fn start<L: Launch>(count: usize, launch: &L, context: &ShardContext) -> Result<(Vec<Thread>, Orders<L>), Error> {
    let (mut threads, mut orders) = (Vec::new(), Vec::new());
    for index in (0..).take(count) {
        let shard = shard::spawn(index, launch.clone(), context.clone())?;
        threads.push(Thread { commands: shard.commands, thread: shard.thread });
        orders.push(shard.orders);
    }
    Ok((threads, orders))
}
