//! The errors of the library, each in one line that says what to do.

use std::io;
use std::path::PathBuf;

use crate::cluster_settings::ClusterError;
use crate::limit_error::LimitError;
use crate::types::ClientId;

/// An error of the library: a server that cannot start, a component that is refused, or a call that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The component's file could not be read.
    #[error("cannot read {}: {source}{}", path.display(), hint_for_read(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not WebAssembly.
    #[error("{name} is not WebAssembly: {found}. Give the .wasm file that the guest's build wrote")]
    NotWasm {
        /// The file's name.
        name: String,
        /// The probable type of the file.
        found: String,
    },
    /// The file is a core module.
    #[error(
        "{name} is a core WebAssembly module, not a component. Build it for the target wasm32-wasip2, or turn it into one with `wasm-tools component new`"
    )]
    CoreModule {
        /// The file's name.
        name: String,
    },
    /// The component does not export what a guest must.
    #[error("{name} lacks {}. A guest implements the world `app` of ws-host:server@0.2.0 (see wit/)", missing.join(", "))]
    MissingExports {
        /// The file's name.
        name: String,
        /// The missing exports, each as `interface` or `interface: function`.
        missing: Vec<String>,
    },
    /// The component was built for another host, or for another version of the contract.
    #[error("{name} {what}. {remedy}")]
    MadeForAnother {
        /// The file's name.
        name: String,
        /// The rest of the sentence: the host that it was built for.
        what: String,
        /// The remedy, in a sentence.
        remedy: &'static str,
    },
    /// The component imports what the host does not give.
    #[error("{name} imports {}, which this host does not give: the guest must do without{}", unknown.join(", "), hint_for_imports(unknown))]
    UnknownImports {
        /// The file's name.
        name: String,
        /// The imports.
        unknown: Vec<String>,
    },
    /// The component is broken, or its types do not match the contract.
    #[error("{name} cannot be loaded: {reason}")]
    Invalid {
        /// The file's name.
        name: String,
        /// The runtime's error.
        reason: String,
    },
    /// The app failed while its first room started.
    #[error("{name} failed while it started: {reason}")]
    Start {
        /// The component's or app's name.
        name: String,
        /// The trap or the app's own error.
        reason: String,
    },
    /// A room of the running release cannot hand its state over to the new release, which is refused.
    #[error("{name} is refused, and {running} goes on: {reason}. A swap that discards the state needs no snapshot")]
    NoHandover {
        /// The new component's name.
        name: String,
        /// The running component's name.
        running: String,
        /// Which room, why, and what it has lost.
        reason: String,
    },
    /// A new release was refused; nothing has changed.
    #[error("{name} is refused, and {running} goes on: {reason}")]
    Refused {
        /// The new component's name.
        name: String,
        /// The running component's name.
        running: String,
        /// Why.
        reason: String,
    },
    /// A release of the cluster was called off, and all nodes go back to the one before.
    #[error("node {node} has called the release off, and all nodes run the one before: {reason}")]
    CalledOff {
        /// The number of the node.
        node: u16,
        /// Why.
        reason: String,
    },
    /// The running release has no previous one.
    #[error("there is no release before this one to go back to")]
    NothingToGoBackTo,
    /// The app is not a component.
    #[error("only a server that runs a component can change its release")]
    NotAComponent,
    /// The room path pattern is invalid.
    #[error("{0:?} does not say where a path names the room. Write a path with one {{room}} in it, such as /chat/{{room}}")]
    RoomPath(String),
    /// Limits that contradict each other, or with which nobody could be served.
    #[error("these limits cannot be kept: {0}")]
    Limits(LimitError),
    /// An origin to admit is invalid.
    #[error("{origin:?} is no origin{} Write https://app.example, *.example.com, null or *", hint.as_ref().map_or_else(|| ".".to_owned(), |hint| format!("; did you mean {hint}?")))]
    Origin {
        /// The given text.
        origin: String,
        /// The origin that was probably meant.
        hint: Option<String>,
    },
    /// A trusted proxy's address is invalid.
    #[error("{0:?} is no address of a proxy. Write an address or a network, such as 10.0.0.7 or 10.0.0.0/8, or unix")]
    TrustedProxy(String),
    /// A place to listen at is invalid.
    #[error("cannot listen at {text:?}: {problem}")]
    Listen {
        /// The given text.
        text: String,
        /// The problem, and what to write.
        problem: String,
    },
    /// A place to listen at is to speak TLS, and the server has no certificate.
    #[error("a place to listen at speaks TLS, and there is no certificate. Give the certificate and its key too")]
    NoCertificate,
    /// Clients are to show certificates, and the server speaks no TLS.
    #[error(
        "clients show certificates within TLS, and the server has no certificate. Give the server's certificate and its key too"
    )]
    ClientsWithoutTls,
    /// A place to listen at expects the PROXY protocol, and no proxy is trusted.
    #[error("a place to listen at expects the PROXY protocol, and no proxy is trusted. Name the proxies that are")]
    NoTrustedProxy,
    /// A place to listen at is to redirect to TLS, and the server speaks it nowhere.
    #[error("there is nothing to redirect to: the server speaks TLS at no address. Give a certificate, or the port of https://")]
    NothingToRedirectTo,
    /// A socket that a service manager should have passed is missing, or cannot be used.
    #[error("no such listening socket was passed to this process: {0}")]
    Inherited(String),
    /// A Unix socket cannot be listened on.
    #[error("cannot listen on the Unix socket {}: {problem}", path.display())]
    UnixSocket {
        /// Its path.
        path: PathBuf,
        /// The problem, and what to do.
        problem: String,
    },
    /// A server that the app may send requests to is invalid.
    #[error(
        "{0:?} names no server of HTTP requests. Write api.example.com, api.example.com:8080, *.example.com, an address or *"
    )]
    AllowHttp(String),
    /// The collector of spans has no such URL.
    #[error("{0:?} is no URL of a collector. Write http://HOST:4318 or https://HOST")]
    Otlp(String),
    /// The part of traces to keep is invalid.
    #[error("{0} is no part of all traces. Write a number from 0 to 1, such as 0.1")]
    OtlpSample(f64),
    /// Spans cannot be sent.
    #[error("cannot send spans to {url}: {reason}")]
    OtlpExporter {
        /// The collector's URL.
        url: String,
        /// The reason.
        reason: String,
    },
    /// A network that the app may send requests to is invalid.
    #[error("{0:?} is no network of HTTP requests. Write an address or a network, such as 10.0.0.7 or 10.0.0.0/8")]
    AllowHttpPrivate(String),
    /// The certificates that verify the servers of HTTP requests cannot be used.
    #[error("cannot use the certificates {}: {problem}. Give a PEM file of certificate authorities", path.display())]
    FetchCa {
        /// Their file.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
    /// The folder of static files cannot be used.
    #[error("cannot serve the files of the folder {}: {source}", path.display())]
    StaticFiles {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file in place of missing ones is not in the folder of static files.
    #[error("there is no file {} to answer with where others are missing. Name a file in the folder of static files", .0.display())]
    StaticFallback(PathBuf),
    /// The admin socket cannot be opened.
    #[error("cannot open the admin socket {}: {source}. Choose another path", path.display())]
    AdminSocket {
        /// Where.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The API cannot be opened at its address.
    #[error("cannot open the API at {address}: {problem}")]
    Api {
        /// Its address.
        address: String,
        /// The problem, and what to do.
        problem: String,
    },
    /// Tokens of the API would cross the network without TLS.
    #[error("the API at {0} takes tokens from other machines, and there is no TLS. Give the server a certificate and its key")]
    ApiInClear(String),
    /// The tokens of the API cannot be used.
    #[error("cannot use the tokens {}: {problem}", path.display())]
    ApiTokens {
        /// Their file.
        path: PathBuf,
        /// The problem, and what to do.
        problem: String,
    },
    /// A running server does not hand itself over.
    #[error("cannot take over from the running server: {0}")]
    Takeover(String),
    /// The certificate or its key cannot be used.
    #[error("cannot use the {what} {}: {problem}", path.display())]
    Tls {
        /// Which of the two.
        what: &'static str,
        /// Its file.
        path: PathBuf,
        /// The problem, and what to do.
        problem: String,
    },
    /// The database in the data folder cannot be opened.
    #[error("{0}")]
    Data(String),
    /// The server cannot be a node of its cluster.
    #[error(transparent)]
    Cluster(ClusterError),
    /// Nothing was given to serve.
    #[error("there is nothing to serve: give the builder a component, an app or at least one callback")]
    NothingToServe,
    /// The builder was given two kinds of app.
    #[error("the builder has both {first} and {second}, and a server runs one app: leave one of them out")]
    TwoApps {
        /// One of them.
        first: &'static str,
        /// The other one.
        second: &'static str,
    },
    /// The host name does not resolve.
    #[error("the host name {host:?} does not resolve: {source}. Use an address of this machine, such as 127.0.0.1 or 0.0.0.0")]
    Resolve {
        /// The name.
        host: String,
        /// The resolver's error.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {}", explain_bind(source))]
    Bind {
        /// The address.
        address: String,
        /// The system's error.
        source: io::Error,
    },
    /// The address for metrics and probes cannot be listened on.
    #[error("cannot listen on {place} for metrics and probes: {source}. Choose another address")]
    Health {
        /// The address.
        place: String,
        /// The system's error.
        source: io::Error,
    },
    /// The operating system refused something that a server needs.
    #[error("cannot {what}: {source}")]
    System {
        /// The operation that failed.
        what: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The server has ended.
    #[error("the server has stopped")]
    Stopped,
    /// The queue of a shard's commands is full.
    #[error("the server is overloaded: {0} commands wait already. Try again later")]
    Busy(usize),
    /// The message is larger than the limit.
    #[error("the message has {size} bytes, more than the {limit} that one message may have")]
    MessageTooBig {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// No client has that id.
    #[error("no client has the id {0}: it never existed, or has left")]
    NoSuchClient(ClientId),
    /// No room has that name.
    #[error("no room is named {0:?}: it is not open, and nothing is kept of it")]
    NoSuchRoom(String),
    /// No client belongs to that user.
    #[error("no client belongs to the user {0:?}")]
    NoSuchUser(String),
    /// Other nodes of the cluster do not answer, and no other one knows it.
    #[error("no node that answers knows it, and these do not answer: {}. Try again when the cluster has noticed that they are gone", numbers(.0))]
    NoAnswer(Vec<u16>),
    /// A room has dropped a message of the owner's.
    #[error("as many messages wait for the room as may. Its application is slow or hangs: try again later")]
    RoomFull,
    /// A room has no place for an event.
    #[error("as many events from outside wait for their rooms as may. Try again later")]
    EventsFull,
    /// The room of an event cannot open.
    #[error("the room {0:?} is not open, and no other room may open")]
    TooManyRooms(String),
    /// The app takes no events.
    #[error("{0}")]
    NoEvents(&'static str),
    /// A close code may not be sent.
    #[error("{0} may not be sent as a close code (RFC 6455 \u{a7}7.4). Use 1000 to 1003, 1007 to 1014, or 3000 to 4999")]
    CloseCode(u16),
    /// A close frame has no room for the reason.
    #[error("the reason of the close has {0} bytes, more than the 123 that a close frame has room for")]
    CloseReason(usize),
}

fn numbers(nodes: &[u16]) -> String {
    nodes.iter().map(|number| format!("node {number}")).collect::<Vec<_>>().join(", ")
}

fn hint_for_imports(unknown: &[String]) -> &'static str {
    let has = |package: &str| unknown.iter().any(|import| import.starts_with(package));
    match () {
        () if has("ws-host:server/") => ". It was built for another version of ws-host: build it with the SDK of this one",
        () if has("wasi:http/") => ". A guest sends HTTP requests through ws-host:server/http; a library in it expects another",
        () if has("wasi:keyvalue/") => {
            ". A guest keeps data in the store of its room, ws-host:server/store; a library in it expects another"
        }
        () if has("wasi:sockets/") => ". A guest has no network yet; a library in it expects one",
        () => "",
    }
}

fn hint_for_read(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => ". Check the path",
        io::ErrorKind::FileTooLarge => ". Leave its debug information out: `wasm-tools strip` does that",
        _ => "",
    }
}

fn explain_bind(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is in use. Stop the other program, or choose another port (0 picks a free one)".into()
        }
        io::ErrorKind::PermissionDenied => "permission denied. Ports below 1024 need privileges; choose a higher port".into(),
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address. Use 127.0.0.1, or 0.0.0.0 for all of its addresses".into()
        }
        _ => error.to_string(),
    }
}
