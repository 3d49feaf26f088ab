//! Where a server listens, and what it speaks there.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::Error;

/// One place to listen at: a TCP address, a Unix socket, a listener of the caller's own, or the sockets that a service manager passes.
///
/// As a text: `0.0.0.0:443`, `localhost:8080`, `[::1]:80`, `unix:/run/app.sock`, `fd`, `fd:NAME`. Options follow, each behind a comma: `tls`, `plain`,
/// `proxy-protocol`, `redirect`, `redirect=PORT`, and for a Unix socket `mode=0660` and `owner=USER:GROUP`.
#[derive(Debug)]
pub struct Listen {
    pub(crate) place: Place,
    /// Whether it speaks TLS. By default it does if the server has a certificate, but for a Unix socket, which no network reaches.
    pub(crate) tls: Option<bool>,
    pub(crate) proxy_protocol: bool,
    pub(crate) purpose: Purpose,
}

/// The use of the requests that arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is served.
    Serve,
    /// It is redirected to `https://`, at this port; by default at the port where the server speaks TLS.
    Redirect(Option<u16>),
}

#[derive(Debug)]
pub(crate) enum Place {
    /// All addresses of a name, or one address.
    Tcp {
        host: String,
        port: u16,
    },
    /// A file, with its mode and its owner (`USER`, `USER:GROUP` or `:GROUP`).
    Unix {
        path: PathBuf,
        mode: u32,
        owner: Option<String>,
    },
    OpenTcp(TcpListener),
    OpenUnix(UnixListener),
    /// The sockets that a service manager has passed: by this name, or all that no other place takes by name.
    Inherited(Option<String>),
}

/// The mode of a Unix socket's file: its owner and its group may connect.
const MODE: u32 = 0o660;

impl Listen {
    /// All addresses of a host name, or one address, and a port. With port 0 the system chooses one.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::at(Place::Tcp { host: host.into(), port })
    }

    /// A Unix socket with this path. Its owner and its group may connect.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::at(Place::Unix { path: path.into(), mode: MODE, owner: None })
    }

    /// The sockets that a service manager has passed to the process (`LISTEN_FDS`): those of this name (`LISTEN_FDNAMES`), or all. A process
    /// gets them once.
    pub fn inherited(name: Option<String>) -> Self {
        Self::at(Place::Inherited(name))
    }

    /// The TCP port at which it serves, 0 if the system chooses one. Any other place, and one that only redirects, has none.
    pub fn port(&self) -> Option<u16> {
        match (&self.place, self.purpose) {
            (Place::Tcp { port, .. }, Purpose::Serve) => Some(*port),
            _ => None,
        }
    }

    /// The mode of a Unix socket's file. Any other place has none.
    #[must_use]
    pub fn mode(mut self, to: u32) -> Self {
        if let Place::Unix { mode, .. } = &mut self.place {
            *mode = to;
        }
        self
    }

    /// The owner of a Unix socket's file: `USER`, `USER:GROUP` or `:GROUP`, by name or number. Any other place has none.
    #[must_use]
    pub fn owner(mut self, to: impl Into<String>) -> Self {
        if let Place::Unix { owner, .. } = &mut self.place {
            *owner = Some(to.into());
        }
        self
    }

    /// Whether it speaks TLS. By default it does if the server has a certificate, but for a Unix socket.
    #[must_use]
    pub fn tls(self, tls: bool) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Whether connections from trusted proxies begin with a header of the PROXY protocol here. `Builder::proxy_protocol` says the same of
    /// all places.
    #[must_use]
    pub fn proxy_protocol(self, proxy_protocol: bool) -> Self {
        Self { proxy_protocol, ..self }
    }

    /// Redirects all requests to `https://` or `wss://`, at this port: by default at the first one where the server speaks TLS. Host, path and query stay.
    #[must_use]
    pub fn redirect(self, port: Option<u16>) -> Self {
        Self { tls: Some(false), purpose: Purpose::Redirect(port), ..self }
    }

    /// The same, unless it redirects already.
    #[doc(hidden)]
    #[must_use]
    pub fn redirect_by_default(self) -> Self {
        if self.purpose == Purpose::Serve { self.redirect(None) } else { self }
    }

    fn at(place: Place) -> Self {
        Self { place, tls: None, proxy_protocol: false, purpose: Purpose::Serve }
    }

    /// Adds an option in the form of a text.
    fn with(self, option: &str) -> Option<Self> {
        let is_unix = matches!(self.place, Place::Unix { .. });
        match option.split_once('=') {
            None => match option {
                "redirect" => Some(self.redirect(None)),
                "tls" => Some(self.tls(true)),
                "plain" => Some(self.tls(false)),
                "proxy-protocol" => Some(self.proxy_protocol(true)),
                _ => None,
            },
            Some(("redirect", port)) => port.parse().ok().map(|port| self.redirect(Some(port))),
            Some(("mode", mode)) if is_unix => {
                let mode = u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o777)?;
                Some(self.mode(mode))
            }
            Some(("owner", owner)) if is_unix && !owner.is_empty() => Some(self.owner(owner)),
            Some(_) => None,
        }
    }
}

impl From<TcpListener> for Listen {
    fn from(listener: TcpListener) -> Self {
        Self::at(Place::OpenTcp(listener))
    }
}

impl From<UnixListener> for Listen {
    fn from(listener: UnixListener) -> Self {
        Self::at(Place::OpenUnix(listener))
    }
}

impl FromStr for Listen {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split(',');
        let place = parts.next().unwrap_or_default();
        let wrong = |problem: String| Error::Listen { text: text.to_owned(), problem };
        let listen = match place.strip_prefix("unix:") {
            Some(path) if Path::new(path).file_name().is_some() => Self::unix(path),
            Some(_) => return Err(wrong("it names no file. Write unix:/run/app.sock".into())),
            None if place == "fd" => Self::inherited(None),
            None => match place.strip_prefix("fd:") {
                Some(name) => Self::inherited(Some(name.to_owned())),
                None => address(place).map_err(wrong)?,
            },
        };
        parts.try_fold(listen, |listen, option| {
            let known = if place.starts_with("unix:") { ", mode=0660, owner=USER:GROUP" } else { "" };
            listen
                .with(option)
                .ok_or_else(|| wrong(format!("{option:?} is no option of it: tls, plain, proxy-protocol, redirect{known}")))
        })
    }
}

/// Reads a host and a port.
fn address(text: &str) -> Result<Listen, String> {
    let example = "Write an address and a port, as in 0.0.0.0:443 or localhost:8080, or unix:/run/app.sock";
    if text.starts_with('/') || text.starts_with('.') {
        return Err(format!("it is a path. Write unix:{text}"));
    }
    let Some((host, port)) = text.rsplit_once(':') else { return Err(format!("it has no port. {example}")) };
    let port = port.parse().map_err(|_| format!("{port:?} is no port. {example}"))?;
    let is_bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    if host.is_empty() || is_bare_v6 || host.contains('/') {
        return Err(format!("{host:?} is no host. {example}, or [::]:443 for IPv6"));
    }
    Ok(Listen::tcp(host, port))
}

/// A place where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listening {
    /// Its address, if it is a TCP socket.
    pub address: Option<SocketAddr>,
    /// Its path, if it is a Unix socket with one.
    pub path: Option<PathBuf>,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Whether it redirects requests to `https://`, and serves none.
    pub redirects: bool,
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address, &self.path) {
            (Some(address), _) => address.fmt(f),
            (None, Some(path)) => write!(f, "unix:{}", path.display()),
            (None, None) => f.write_str("a Unix socket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        let listen = text.parse::<Listen>().map_err(|error| error.to_string());
        listen.map_or_else(|error| error, |listen| format!("{:?} {:?} {}", listen.place, listen.tls, listen.proxy_protocol))
    }

    #[test]
    fn a_place_is_an_address_with_a_port_or_a_unix_socket() {
        assert_eq!(parsed("0.0.0.0:443"), r#"Tcp { host: "0.0.0.0", port: 443 } None false"#);
        assert_eq!(parsed("localhost:0,plain"), r#"Tcp { host: "localhost", port: 0 } Some(false) false"#);
        assert_eq!(parsed("[::1]:80,tls,proxy-protocol"), r#"Tcp { host: "[::1]", port: 80 } Some(true) true"#);
        assert_eq!(parsed("fd"), "Inherited(None) None false");
        assert_eq!(parsed("fd:web,plain"), r#"Inherited(Some("web")) Some(false) false"#);
        assert_eq!(parsed("unix:/run/a.sock"), r#"Unix { path: "/run/a.sock", mode: 432, owner: None } None false"#);
        assert_eq!(
            parsed("unix:a.sock,mode=0600,owner=www:1000"),
            r#"Unix { path: "a.sock", mode: 384, owner: Some("www:1000") } None false"#
        );
    }

    #[test]
    fn a_mistake_in_a_place_is_told_with_what_to_write() {
        for (text, problem) in [
            ("", "it has no port"),
            ("8080", "it has no port. Write an address and a port"),
            ("localhost", "it has no port"),
            ("localhost:", "\"\" is no port"),
            ("localhost:65536", "\"65536\" is no port"),
            (":80", "\"\" is no host"),
            ("::1:80", "\"::1\" is no host"),
            ("http://localhost:80", "\"http://localhost\" is no host"),
            ("/run/a.sock", "it is a path. Write unix:/run/a.sock"),
            ("unix:", "it names no file"),
            ("unix:/", "it names no file"),
            ("unix:/run/a.sock,mode=999", "\"mode=999\" is no option of it"),
            ("unix:/run/a.sock,mode=7777", "\"mode=7777\" is no option of it"),
            ("unix:/run/a.sock,owner=", "\"owner=\" is no option of it"),
            ("localhost:80,mode=0600", "\"mode=0600\" is no option of it"),
            ("localhost:80,redirect=x", "\"redirect=x\" is no option of it"),
            ("localhost:80,ssl", "\"ssl\" is no option of it: tls, plain, proxy-protocol, redirect"),
        ] {
            let line = parsed(text);
            assert!(line.starts_with(&format!("cannot listen at {text:?}: {problem}")), "{line}");
        }
    }
}
