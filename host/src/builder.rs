//! The builder of a server.

mod callbacks;
mod clustering;
mod listening;
mod membership;
mod outgoing;
mod pages;
mod reconfigure;
mod threads;
mod traces;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;

use crate::api::takeover::Taking;
use crate::app::App;
use crate::bus::{Bus, Inbox, Placement};
use crate::config::{Compression, Config, Grants, Instances, Limits, Listen};
use crate::data::{DataFolder, linger, resume_events};
use crate::error::Error;
use crate::fetch::Outlet;
use crate::front::{self, AppEndpoint, Front, Listener, Pattern, Router, Setup, Tls};
use crate::guest::{Bytecode, Engine, Origin, Program};
use crate::handle::{Controls, Handle, by_nats, sessions_by_nats};
use crate::live::Live;
use crate::log::LogTail;
use crate::metrics::Sources;
use crate::native::{Callbacks, Factory};
use crate::server::{Server, Thread};
use crate::shard::{Roster, ShardContext};
use crate::store::Database;
use crate::swap::{GuestHost, Releases, Running};
use crate::trace::Tracer;
use membership::Membership;
use pages::Pages;
use threads::{Inboxes, shard_count, start};

/// Starts the shards of a native app. Its type is known only to `Builder::app`.
type Start = Box<dyn FnOnce(Inboxes, ShardContext) -> Result<Vec<Thread>, Error> + Send>;

/// Builds a server from one app (a component, a native `App`, or callbacks) and what differs from the defaults.
#[derive(Default)]
pub struct Builder {
    config: Config,
    /// Where to listen, in place of host and port.
    places: Vec<Listen>,
    /// The sockets that listen.
    listeners: Vec<Listener>,
    component: Option<Origin>,
    app: Option<Start>,
    callbacks: Callbacks,
    /// The loaded certificate.
    tls: Option<Arc<Tls>>,
    /// The rules of HTTP requests, with the loaded certificates.
    outlet: Option<Arc<Outlet>>,
    data: DataFolder,
    /// Where the owner of the log adds its lines.
    log_tail: Option<LogTail>,
    /// Makes spans.
    tracer: Option<Tracer>,
    /// The running server whose place this one takes.
    taking: Option<Taking>,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Server {
    /// A builder with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Serves the Wasm component in this file.
    #[must_use]
    pub fn component(mut self, path: impl Into<PathBuf>) -> Self {
        self.component = Some(Origin::File(path.into()));
        self
    }

    /// Serves the Wasm component with these bytes. `name` stands for the file in errors and in `Handle::status`.
    #[must_use]
    pub fn component_bytes(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.component = Some(Origin::Bytes(name.into(), bytes.into()));
        self
    }

    /// Serves a native app. `make` is called for each instance: at the start, and after a failure.
    #[must_use]
    pub fn app<A: App>(mut self, make: impl Fn() -> A + Send + Sync + 'static) -> Self {
        let factory = Factory::new(make);
        self.app = Some(Box::new(move |mail, context| Ok(start(mail, &factory, &context)?.0)));
        self
    }

    /// The tail of the log, to which the owner of the program's log adds its lines. The API shows them; by default it has none to show.
    #[must_use]
    pub fn log_tail(mut self, tail: LogTail) -> Self {
        self.log_tail = Some(tail);
        self
    }

    /// Whether the trace of a component's failure names files and lines, where the component has debug information. Not by default: to look them up
    /// takes time at each failure, and clients can cause failures.
    #[must_use]
    pub fn trace_lines(mut self, trace_lines: bool) -> Self {
        self.config.trace_lines = trace_lines;
        self
    }

    /// Admits pages of one more origin: `https://app.example`, `*.example.com`, `null` or `*`.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.config.allow_origins.push(origin.into());
        self
    }

    /// Gives a component an environment variable. It has none by default, and never the host's own.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.grants.set_env(name, value);
        self
    }

    /// Gives a component these grants, in place of all earlier ones.
    #[must_use]
    pub fn grants(mut self, grants: Grants) -> Self {
        self.config.grants = grants;
        self
    }

    /// Which clients share an instance: all of them by default.
    #[must_use]
    pub fn instances(mut self, instances: Instances) -> Self {
        self.config.instances = instances;
        self
    }

    /// How a path names a room in `Instances::PerRoom`: `/chat/{room}`. By default the whole path is the name. Percent-encodings
    /// count in their normal form (RFC 3986 §6.2.2): `/chat/%62lue` is `/chat/blue`.
    #[must_use]
    pub fn room_path(mut self, pattern: impl Into<String>) -> Self {
        self.config.room_path = Some(pattern.into());
        self
    }

    /// How many threads run rooms: by default one for each core, or one if all clients share an instance.
    #[must_use]
    pub fn shards(mut self, shards: usize) -> Self {
        self.config.shards = shards;
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
        self.outlet = None;
        self
    }

    /// Keeps the stores of rooms in this folder, which is made if it is missing. By default, and with `Instances::PerClient`, they are in memory.
    #[must_use]
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data.folder = Some(folder.into());
        self
    }

    /// When a write counts as durable, and its handler's outputs arrive: `Sync::Full` by default.
    #[must_use]
    pub fn store_sync(mut self, sync: crate::store::Sync) -> Self {
        self.data.sync = sync;
        self
    }

    /// Takes the place of a running server: it listens where that one does, by the same sockets, and begins when that one ends. If it cannot be
    /// built, that one goes on. A server that serves again (`Taking::back`) has its earlier component, certificates and rules of HTTP requests.
    #[must_use]
    pub fn take_over(mut self, from: Taking) -> Self {
        self.taking = Some(from);
        self
    }

    /// Loads the app, listens, and starts the app's first instance. Blocks: a large component takes seconds to compile.
    ///
    /// # Errors
    /// `NothingToServe` or `TwoApps` unless there is exactly one app, and all that keeps a server from starting. Each error
    /// says in one line what to do.
    pub fn build(mut self) -> Result<Server, Error> {
        let checked = self.check_app();
        // A wrong file comes before a port in use, and both before the component compiles, which takes long.
        let again = self.taking.as_ref().and_then(Taking::ended).and_then(Handle::running);
        let component = checked.and_then(|()| match again {
            Some(Running { file, engine, program }) => {
                Ok(Some(Component::Compiled(Compiled { file, engine, program, bytes: Bytes::new() })))
            }
            None => Ok(self.component.take().map(Origin::read).transpose()?.map(Component::Bytes)),
        });
        let component = component.map_err(|error| Taking::give_up(self.taking.take(), error))?;
        let mut built = self.listen()?;
        let mut taking = built.taking.take();
        match built.put_together(component, taking.as_mut()) {
            Ok(server) => Ok(server.in_place_of(taking)),
            Err(error) => Err(Taking::give_up(taking, error)),
        }
    }

    fn put_together(self, component: Option<Component>, taking: Option<&mut Taking>) -> Result<Server, Error> {
        let Self { config, listeners, app, callbacks, tls, outlet, data, log_tail, tracer, .. } = self;
        let outlet = outlet.expect("`listen` has made it");
        let (limits, pattern) =
            (config.limits.clone().within_reach(), config.room_path.as_deref().map(parse_pattern).transpose()?);
        let compile = || component.map(|component| component.compiled(&config, &limits)).transpose();
        let (database, component, taking) = open_database(&data, &limits, taking, compile)?;
        let (roster, counters, placement) = (Arc::<Roster>::default(), Arc::default(), Placement::new(shard_count(&config)));
        let (bus, mail) = bus_of(&config, pattern.is_some(), &placement, (&limits, database.as_ref()));
        let (pages, notice) = Pages::new(&config, limits.memory_for_clients());
        let (admitting, member) = (Arc::new(AtomicBool::new(true)), Membership::begin(&config, &placement)?);
        let mut context = ShardContext {
            app_name: "the app".into(),
            limits: limits.for_each_of(placement.shards()),
            roster: Arc::clone(&roster),
            counters: Arc::clone(&counters),
            shared_room: (config.instances == Instances::Shared).then(|| front::SHARED_ROOM.into()),
            linger: linger(config.instances, &limits),
            keeps_rooms: config.instances != Instances::PerClient,
            outlet: Arc::clone(&outlet),
            bus: Arc::clone(&bus),
            stores: member.stores(&config, &limits, database.clone()),
            tracer: tracer.clone(),
            node: member.of_rooms(config.instances),
            peers: member.node.as_ref().map(sessions_by_nats),
        };
        let component = component.map(|component| member.check(component, &config, &limits)).transpose()?;
        let (node, leaves, inboxes) = (member.node, member.leaves, (mail, member.news));
        let (mut sources, door) = Sources::new(&context);
        let (shards, releases) = match (component, app) {
            (Some((Compiled { file, engine, program, .. }, start_with)), _) => {
                context.app_name = program.name().to_owned();
                sources.guests = Some(Arc::clone(engine.memory()));
                let (shards, host) = start_guest(engine, &program, inboxes, &context, (&limits, &config))?;
                let releases = Releases::new(host, &file, program).following(node.as_ref(), start_with)?;
                (shards, Some(Arc::new(releases)))
            }
            (None, Some(start)) => (start(inboxes, context)?, None),
            (None, None) => (start(inboxes, &callbacks, &context)?.0, None),
        };
        taking.map_or(Ok(()), |taking| taking.ready(false))?;
        let shown = pages::shown(config.notices, &notice, releases.as_ref(), &counters);
        let commands: Vec<_> = shards.iter().map(|shard| shard.commands.clone()).collect();
        let (local, (reins, wishes)) = (listening::is_local(&listeners), front::reins(limits.accepts_per_second));
        let live = Live::new(&config, &limits, (local, tls), outlet, Arc::clone(&admitting))?;
        let (policy, admission) = (Arc::clone(&live.policy), Arc::clone(&live.admission));
        let handle = Handle::new(Controls {
            shards: commands.clone(),
            roster,
            counters: Arc::clone(&counters),
            started: SystemTime::now(),
            admitting: Arc::clone(&admitting),
            notice,
            log_tail,
            releases,
            database: database.clone().filter(|_| config.instances != Instances::PerClient),
            bus,
            reins,
            data: data.id().filter(|_| database.is_some()),
            live,
            drain: Mutex::new((limits.drain_delay, limits.drain_timeout)),
            max_message_bytes: limits.max_message_bytes,
            sources: sources.of_shards(shards.iter().map(|shard| shard.questions.clone())),
            cluster: node.as_ref().map(by_nats),
        });
        let router = Arc::new(Router::new(config.instances, pattern, commands, placement));
        let endpoints = pages.endpoints(AppEndpoint::new(Arc::clone(&router), counters, &limits, tracer.clone()), shown, local);
        let front = Front::new(Setup { policy, endpoints, router, admission, door, tracer: tracer.clone(), limits });
        Ok(Server::new(listeners, front, shards, handle, wishes)?.with_database(database).with_node(leaves).with_tracer(tracer))
    }

    /// Refuses a server without an app, or with two kinds of app.
    fn check_app(&self) -> Result<(), Error> {
        let kinds = [
            self.component.is_some().then_some("a component"),
            self.app.is_some().then_some("an app"),
            (!self.callbacks.is_empty()).then_some("callbacks"),
        ];
        let mut given = kinds.into_iter().flatten();
        match (given.next(), given.next()) {
            (None, _) => Err(Error::NothingToServe),
            (Some(first), Some(second)) => Err(Error::TwoApps { first, second }),
            (Some(_), None) => Ok(()),
        }
    }
}

/// The way of messages between rooms, with those of an earlier process, and an inbox for each shard.
fn bus_of(
    config: &Config,
    has_pattern: bool,
    placement: &Placement,
    (limits, database): (&Limits, Option<&Database>),
) -> (Arc<Bus>, Vec<Inbox>) {
    let (bus, mail) = Bus::new(front::names(config.instances, has_pattern), placement.clone(), limits.max_rooms);
    resume_events(database, &bus);
    (bus, mail)
}

/// Starts the shards of a component.
fn start_guest(
    engine: Engine,
    program: &Program,
    inboxes: Inboxes,
    context: &ShardContext,
    (limits, config): (&Limits, &Config),
) -> Result<(Vec<Thread>, GuestHost), Error> {
    let (shards, orders) = start(inboxes, program, context)?;
    let (limits, grants, tracer) = (limits.clone(), config.grants.clone(), context.tracer.clone());
    Ok((shards, GuestHost { engine, limits, grants, tracer, shards: orders }))
}

/// Opens the data folder and has the component compiled, in the order in which mistakes are told soonest. If the running server has the folder, it leaves
/// it when all the rest is done. Returns the running server that this one is not ready to replace yet.
fn open_database<'a, T>(
    data: &DataFolder,
    limits: &Limits,
    taking: Option<&'a mut Taking>,
    compile: impl FnOnce() -> Result<T, Error>,
) -> Result<(Option<Database>, T, Option<&'a mut Taking>), Error> {
    match taking {
        Some(taking) if taking.needs(data.id()) => {
            let compiled = compile()?;
            taking.ready(true)?;
            Ok((data.open(limits)?, compiled, None))
        }
        // The process that has failed may take its time to leave the folder.
        Some(taking) if taking.ended().is_some() => Ok((data.open_when_free(limits)?, compile()?, Some(taking))),
        taking => Ok((data.open(limits)?, compile()?, taking)),
    }
}

/// The component of a server.
enum Component {
    Bytes(Bytecode),
    Compiled(Compiled),
}

impl Component {
    fn compiled(self, config: &Config, limits: &Limits) -> Result<Compiled, Error> {
        match self {
            Self::Bytes(bytes) => Compiled::new(bytes, config, limits),
            Self::Compiled(compiled) => Ok(compiled),
        }
    }
}

/// A component that is compiled and has no instance yet.
struct Compiled {
    file: PathBuf,
    engine: Engine,
    program: Program,
    /// Its bytes. A server that serves again has none.
    bytes: Bytes,
}

impl Compiled {
    fn new(component: Bytecode, config: &Config, limits: &Limits) -> Result<Self, Error> {
        let Bytecode { file, name, bytes } = component;
        let engine = Engine::of_server(config, limits)?;
        let program = Program::from_bytes(&engine, &name, &bytes, limits, &config.grants)?;
        Ok(Self { file, engine, program, bytes: bytes.into() })
    }
}

fn parse_pattern(text: &str) -> Result<Pattern, Error> {
    Pattern::parse(text).ok_or_else(|| Error::RoomPath(text.to_owned()))
}
