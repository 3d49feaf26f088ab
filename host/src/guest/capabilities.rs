//! The interfaces that a guest may import, a row each. Loading, linking and inspecting a component read this table alone.

use wasmtime::component::{Linker, LinkerInstance};

use super::bindings::VERSION;
use super::state::GuestState;
use super::{http, imports, replies, rooms, store, wasi_http};

/// A row of the table: one interface, or the rest of a package.
pub(super) struct Capability {
    /// Package and interface, without the version. The interface `*` stands for each that has no row above.
    interface: &'static str,
    /// The versions that the host gives: this one, or all that begin with it if it ends with a dot.
    version: &'static str,
    /// The purpose that it serves for a guest.
    words: &'static str,
    /// The part of it that depends on what the host's owner grants.
    grant: Option<Grant>,
    link: Link,
}

/// Something that no guest has unless the host's owner grants it.
enum Grant {
    /// `Grants::env`.
    Environment,
}

/// How an interface gets into the linker.
enum Link {
    /// This function adds the interface's functions.
    Own(fn(&mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()>),
    /// The interface has types and no functions.
    Types,
    /// `wasmtime-wasi` adds its whole world at once.
    Wasi,
    /// `wasmtime-wasi-http` adds both of its interfaces at once, for a component that imports one.
    WasiHttp,
    /// The linker has no such interface: the host knows its name alone.
    NotGiven,
}

const WASI: &str = "0.2.";

/// An interface that the host gives but leaves empty (no folder, no address) says in its description that it is empty.
const CAPABILITIES: &[Capability] = &[
    own("ws-host:server/clients", "sends to, closes and lists the clients of its room", Link::Own(imports::add_clients)),
    own("ws-host:server/topics", "groups the clients of its room", Link::Own(imports::add_topics)),
    own("ws-host:server/control", "denies new clients, sets timers", Link::Own(imports::add_control)),
    own("ws-host:server/store", "reads and writes the store of its room", Link::Own(store::add_store)),
    own(
        "ws-host:server/http",
        "sends HTTP requests, to the servers that the host's owner names: by default, none",
        Link::Own(http::add_http),
    ),
    own("ws-host:server/rooms", "sends messages to other rooms of its server", Link::Own(rooms::add_rooms)),
    own("ws-host:server/replies", "answers plain HTTP requests to its room", Link::Own(replies::add_replies)),
    own("ws-host:server/types", "shared types", Link::Types),
    Capability { grant: Some(Grant::Environment), ..wasi("wasi:cli/environment", "arguments: none") },
    wasi("wasi:cli/stdout", "writes log lines"),
    wasi("wasi:cli/stderr", "writes log lines"),
    wasi("wasi:cli/stdin", "standard input: what the component itself carries"),
    wasi("wasi:cli/*", "program conventions: no terminal is given"),
    wasi("wasi:clocks/*", "reads clocks"),
    wasi("wasi:random/*", "gets random numbers"),
    wasi("wasi:io/*", "streams and waiting"),
    wasi("wasi:filesystem/*", "file system: no folder is given"),
    wasi("wasi:sockets/*", "network sockets: no address is allowed"),
    wasi_http(
        "wasi:http/outgoing-handler",
        "sends HTTP requests and waits for the answer, to the servers that the host's owner names: by default, none",
    ),
    wasi_http("wasi:http/types", "shared types"),
    not_given("wasi:http/*", "HTTP: not given by this host, beyond requests"),
    not_given("wasi:keyvalue/*", "a key-value store: not given by this host, which has ws-host:server/store"),
    #[cfg(test)]
    own("ws-host:server/misbehaviour", "panics and hangs", Link::Own(super::tests::add_misbehaviour)),
];

const fn own(interface: &'static str, words: &'static str, link: Link) -> Capability {
    Capability { interface, version: VERSION, words, grant: None, link }
}

const fn wasi(interface: &'static str, words: &'static str) -> Capability {
    Capability { interface, version: WASI, words, grant: None, link: Link::Wasi }
}

const fn wasi_http(interface: &'static str, words: &'static str) -> Capability {
    Capability { interface, version: WASI, words, grant: None, link: Link::WasiHttp }
}

const fn not_given(interface: &'static str, words: &'static str) -> Capability {
    Capability { interface, version: "", words, grant: None, link: Link::NotGiven }
}

impl Capability {
    /// The row for an import, whatever its version.
    fn of(import: &str) -> Option<&'static Self> {
        let (interface, _) = split(import);
        let package = interface.split_once('/').map_or(interface, |(package, _)| package);
        CAPABILITIES.iter().find(|row| match row.interface.strip_suffix("/*") {
            Some(whole) => whole == package,
            None => row.interface == interface,
        })
    }

    fn has_version(&self, version: &str) -> bool {
        if self.version.ends_with('.') { version.starts_with(self.version) } else { version == self.version }
    }
}

/// Whether the host gives this import to every guest.
pub(super) fn is_given(import: &str) -> bool {
    Capability::of(import).is_some_and(|row| !matches!(row.link, Link::NotGiven) && row.has_version(split(import).1))
}

/// Whether an import is one of WASI's HTTP.
pub(super) fn is_http(import: &str) -> bool {
    Capability::of(import).is_some_and(|row| matches!(row.link, Link::WasiHttp))
}

/// The use of an import for the guest, in words.
pub(super) fn describe(import: &str) -> String {
    match Capability::of(import) {
        Some(Capability { words, grant: None, .. }) => (*words).to_owned(),
        Some(Capability { words, grant: Some(Grant::Environment), .. }) => {
            format!("environment variables: those that the host grants; {words}")
        }
        None => "unknown to this host".to_owned(),
    }
}

/// Gives the linker all that a guest may import; WASI's HTTP only if it does.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>, has_http: bool) -> wasmtime::Result<()> {
    if has_http {
        wasi_http::add_to_linker(linker)?;
    }
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    for row in CAPABILITIES {
        if let Link::Own(add) = row.link {
            add(&mut linker.instance(&format!("{}@{}", row.interface, row.version))?)?;
        }
    }
    Ok(())
}

fn split(import: &str) -> (&str, &str) {
    import.split_once('@').unwrap_or((import, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_given_by_name_and_version() {
        let given = [
            "ws-host:server/clients@0.2.0",
            "ws-host:server/types@0.2.0",
            "wasi:cli/stdin@0.2.0",
            "wasi:io/poll@0.2.12",
            "wasi:http/types@0.2.0",
            "wasi:http/outgoing-handler@0.2.4",
        ];
        assert!(given.into_iter().all(is_given));
        let not_given = [
            "ws-host:server/clients@0.1.0",
            "ws-host:server/clients",
            "wasi:cli/stdin@0.3.0",
            "wasi:http/incoming-handler@0.2.0",
            "wasi:http/handler@0.3.0",
            "x:y/z@1.0.0",
        ];
        assert!(!not_given.into_iter().any(is_given));
    }

    #[test]
    fn a_row_of_its_own_comes_before_the_rest_of_its_package() {
        assert_eq!(describe("wasi:cli/stdout@0.2.6"), "writes log lines");
        assert_eq!(describe("wasi:cli/exit@0.2.6"), "program conventions: no terminal is given");
        assert_eq!(describe("wasi:cli/environment@0.2.6"), "environment variables: those that the host grants; arguments: none");
        assert_eq!(describe("ws-host:server/vault@0.2.0"), "unknown to this host");
    }
}
