//! The cluster that a server is a node of.

use std::fmt;
use std::path::PathBuf;

/// The name of a cluster that is given none.
const NAME: &str = "ws-host";
/// The longest name of a cluster.
const LONGEST_NAME: usize = 32;
/// The schemes of NATS. With the first, the server decides whether TLS is spoken.
const SCHEMES: [&str; 2] = ["nats", "tls"];
/// The numbers of copies that keep a majority when one fewer than half of them are away.
const REPLICAS: [u8; 3] = [1, 3, 5];

/// Where NATS is, and how the node shows who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterSettings {
    /// The servers: `nats://HOST:4222` or `tls://HOST:4222`, also with `USER:PASSWORD@` or `TOKEN@` before the host. One is enough to find the others.
    pub servers: Vec<String>,
    /// The cluster's name: letters, digits, `-` and `_`, at most 32; `ws-host` by default. Clusters of other names share the servers and nothing else.
    pub name: String,
    /// A file of NATS credentials (`.creds`).
    pub credentials: Option<PathBuf>,
    /// A file of authorities (PEM) for the servers' certificates, in place of the system's.
    pub ca: Option<PathBuf>,
    /// The node's own certificate and key (PEM).
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// How many copies of each record JetStream keeps: 1, 3 or 5; 1 by default. It counts when the streams are made.
    pub replicas: u8,
    /// Whether a component that differs from the cluster's release becomes the next release. Otherwise the server does not start.
    pub swaps: bool,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        let (servers, name) = (Vec::new(), NAME.to_owned());
        Self { servers, name, credentials: None, ca: None, certificate: None, replicas: 1, swaps: false }
    }
}

impl ClusterSettings {
    /// Checks the URL of a server.
    ///
    /// # Errors
    /// It has another scheme, no host, a path, or a wrong port.
    pub fn check_server(url: &str) -> Result<(), ClusterError> {
        let wrong = |why: &str| Err(ClusterError(format!("{:?} {why}; write nats://HOST:4222", shown(url))));
        let Some((scheme, rest)) = url.split_once("://") else { return wrong("has no scheme") };
        if !SCHEMES.contains(&scheme) {
            let why = format!("{:?} is no URL of a NATS server; write nats://HOST:4222, or tls://HOST:4222", shown(url));
            return Err(ClusterError(why));
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let (host, port) = match place.strip_prefix('[').and_then(|place| place.split_once(']')) {
            Some((host, rest)) if host.parse::<std::net::Ipv6Addr>().is_ok() => {
                (host, rest.strip_prefix(':').or(rest.is_empty().then_some("4222")))
            }
            Some(_) => return wrong("has no IPv6 address between the brackets"),
            None => place.split_once(':').map_or((place, Some("4222")), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return wrong("has no host");
        }
        if !port
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0))
        {
            return wrong("has a wrong port");
        }
        if host.contains(|letter: char| letter.is_whitespace() || letter.is_control() || "/?#,\\".contains(letter)) {
            return wrong("has more than a host and a port");
        }
        Ok(())
    }

    /// Checks the name of a cluster. It is part of subjects and streams of NATS.
    ///
    /// # Errors
    /// It is empty or too long, or has other letters than it may.
    pub fn check_name(name: &str) -> Result<(), ClusterError> {
        let fits = !name.is_empty() && name.len() <= LONGEST_NAME;
        if fits && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Ok(());
        }
        Err(ClusterError(format!("{name:?} is no name of a cluster; write 1 to {LONGEST_NAME} of a-z, A-Z, 0-9, - and _")))
    }

    /// Checks the number of copies.
    ///
    /// # Errors
    /// JetStream cannot keep this number, or gains nothing over one copy fewer.
    pub fn check_replicas(replicas: u8) -> Result<(), ClusterError> {
        if REPLICAS.contains(&replicas) {
            return Ok(());
        }
        Err(ClusterError(format!(
            "JetStream keeps 1, 3 or 5 copies, not {replicas}: with an even number no more servers may fail"
        )))
    }

    /// Checks what can be checked without NATS.
    pub(crate) fn check(&self) -> Result<(), ClusterError> {
        if self.servers.is_empty() {
            return Err(ClusterError("a cluster needs a NATS server: nats://HOST:4222".to_owned()));
        }
        self.servers.iter().try_for_each(|url| Self::check_server(url))?;
        Self::check_name(&self.name)?;
        Self::check_replicas(self.replicas)
    }
}

/// Does not show passwords and tokens in the URLs of servers.
impl fmt::Debug for ClusterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.servers.iter().map(|url| shown(url)).collect();
        let Self { servers: _, name, credentials, ca, certificate, replicas, swaps } = self;
        f.debug_struct("ClusterSettings")
            .field("servers", &servers)
            .field("name", name)
            .field("credentials", credentials)
            .field("ca", ca)
            .field("certificate", certificate)
            .field("replicas", replicas)
            .field("swaps", swaps)
            .finish()
    }
}

/// A URL without the password or the token in it, for errors and log lines.
pub(crate) fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (&url[..scheme.len() + 3], rest));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{scheme}{place}")
}

/// Why a server cannot be a node of its cluster. One line that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ClusterError(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_scheme_of_nats_a_host_and_perhaps_a_port() {
        for url in [
            "nats://localhost:4222",
            "tls://nats.example",
            "nats://127.0.0.1/",
            "nats://[::1]:4222",
            "nats://[::1]",
            "nats://user:p@ss@nats.example:4222",
            "nats://token@10.0.0.1",
        ] {
            assert_eq!(ClusterSettings::check_server(url), Ok(()), "{url}");
        }
        for (url, why) in [
            ("localhost:4222", "has no scheme; write nats://HOST:4222"),
            ("http://localhost:4222", "write nats://HOST:4222, or tls://HOST:4222"),
            ("NATS://localhost", "is no URL of a NATS server"),
            ("nats://", "has no host"),
            ("nats://:4222", "has no host"),
            ("nats://localhost:", "has a wrong port"),
            ("nats://localhost:0", "has a wrong port"),
            ("nats://localhost:99999", "has a wrong port"),
            ("nats://::1", "has no host"),
            ("nats://[::1", "has a wrong port"),
            ("nats://[one]:4222", "has no IPv6 address between the brackets"),
            ("nats://[::1]4222", "has a wrong port"),
            ("nats://localhost:4222/x", "has a wrong port"),
            ("nats://local host", "has more than a host and a port"),
            ("nats://localhost/x", "has more than a host and a port"),
        ] {
            let error = ClusterSettings::check_server(url).expect_err(url).0;
            assert!(error.contains(why), "{url}: {error}");
        }
    }

    #[test]
    fn neither_errors_nor_debug_output_show_a_password() {
        let url = "nats://me:secret@localhost:x";
        let error = ClusterSettings::check_server(url).expect_err("the port is wrong").0;
        let settings = ClusterSettings { servers: vec![url.to_owned()], ..ClusterSettings::default() };
        for text in [error, format!("{settings:?}")] {
            assert!(text.contains("nats://localhost:x") && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_name_has_letters_that_subjects_of_nats_can_have() {
        for name in ["ws-host", "a", "Chat_2", &"n".repeat(32)] {
            assert_eq!(ClusterSettings::check_name(name), Ok(()), "{name}");
        }
        for name in ["", "a.b", "a b", "*", ">", "über", &"n".repeat(33)] {
            assert!(ClusterSettings::check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn settings_need_a_server_and_an_odd_number_of_copies() {
        let with =
            |replicas| ClusterSettings { servers: vec!["nats://a".to_owned()], replicas, ..ClusterSettings::default() }.check();
        assert!([1, 3, 5].into_iter().all(|replicas| with(replicas).is_ok()));
        assert!([0, 2, 4, 6, 7].into_iter().all(|replicas| with(replicas).is_err()));
        assert!(ClusterSettings::default().check().is_err_and(|error| error.0.contains("needs a NATS server")));
    }
}
