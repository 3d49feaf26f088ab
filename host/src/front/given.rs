//! The listening sockets that a running server hands over to the process that takes its place.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustix::net::{AddressFamily, SocketType, sockopt};
use serde::{Deserialize, Serialize};

use super::bound::Bound;
use crate::socket_file::{self, FileId, SocketFile};

/// A listening socket that is handed over.
#[derive(Debug)]
pub struct Shared {
    /// A descriptor of its own.
    pub descriptor: OwnedFd,
    /// Its description.
    pub about: About,
    /// True while the file of a Unix socket belongs to another process. The process that hands it over sets it.
    pub is_left: Option<Arc<AtomicBool>>,
}

/// The part of a server that listens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The server itself.
    #[default]
    Server,
    /// The API's door for callers with tokens.
    Api,
    /// The door for metrics and probes.
    Health,
    /// One of a later version.
    #[serde(other)]
    Unknown,
}

/// The facts about a listening socket that it does not tell itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The part that listens.
    #[serde(default)]
    pub part: Part,
    /// The name by which a service manager has passed it.
    pub passed_as: Option<String>,
    /// The file of a Unix socket that the server has made, and removes.
    pub file: Option<FileId>,
}

/// The sockets that have been handed over, each until a place takes it.
#[derive(Debug, Default)]
pub struct Given {
    sockets: VecDeque<Waiting>,
    taken: Vec<usize>,
    /// Whether each taken file belongs to the other process still.
    files: Vec<Arc<AtomicBool>>,
}

#[derive(Debug)]
struct Waiting {
    index: usize,
    socket: Socket,
    about: About,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener),
}

impl Given {
    /// These sockets, counted from 0.
    ///
    /// # Errors
    /// A descriptor is no stream socket that listens.
    pub fn new(sockets: impl IntoIterator<Item = (OwnedFd, About)>) -> io::Result<Self> {
        let wait = |(index, (descriptor, about))| Ok(Waiting { index, socket: Socket::of(descriptor)?, about });
        let sockets = sockets.into_iter().enumerate().map(wait).collect::<io::Result<_>>()?;
        Ok(Self { sockets, ..Self::default() })
    }

    /// Moves the sockets of one part into a set of their own.
    pub fn part(&mut self, part: Part) -> Self {
        let (of_part, rest) = std::mem::take(&mut self.sockets).into_iter().partition(|waiting| waiting.about.part == part);
        self.sockets = rest;
        Self { sockets: of_part, ..Self::default() }
    }

    /// The sockets that were taken.
    pub fn taken(&self) -> &[usize] {
        &self.taken
    }

    /// Whether nothing waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    /// Makes the files of the taken Unix sockets this process's own, which removes them at its end. Until then it leaves them alone: it may fail,
    /// and the other process goes on.
    pub fn claim(&self) {
        self.files.iter().for_each(|is_left| is_left.store(false, Relaxed));
    }

    /// Closes the sockets that no place has taken.
    pub fn close_rest(&mut self) {
        self.sockets.clear();
    }

    /// Takes the socket that listens at this address.
    pub fn tcp(&mut self, address: SocketAddr) -> Option<TcpListener> {
        match self.take(|waiting| matches!(waiting.socket, Socket::Tcp(_, own) if own == address))?.socket {
            Socket::Tcp(socket, _) => Some(socket),
            Socket::Unix(_) => None,
        }
    }

    /// The port of a socket that listens at this address of the machine: a server without a port of its own goes on there.
    pub fn port(&self, ip: IpAddr) -> Option<u16> {
        self.sockets.iter().find_map(|waiting| match waiting.socket {
            Socket::Tcp(_, own) if own.ip() == ip => Some(own.port()),
            _ => None,
        })
    }

    /// Takes the Unix socket whose file has this path. The path may be written in another way.
    pub fn unix(&mut self, path: &Path) -> Option<(UnixListener, SocketFile)> {
        let file = socket_file::find(path).ok()??;
        match self.take(|waiting| waiting.about.file == Some(file))?.socket {
            Socket::Unix(socket) => {
                let file = SocketFile::handed_over(path, file);
                self.files.push(file.is_left());
                Some((socket, file))
            }
            Socket::Tcp(..) => None,
        }
    }

    /// Takes the sockets that a service manager has passed: those of this name, or all that are left.
    pub fn passed(&mut self, name: Option<&str>) -> Vec<(String, Bound)> {
        let mut passed = Vec::new();
        let is_meant =
            |waiting: &Waiting| waiting.about.passed_as.as_deref().is_some_and(|own| name.is_none_or(|name| name == own));
        while let Some(Waiting { socket, about, .. }) = self.take(is_meant) {
            let bound = match socket {
                Socket::Tcp(socket, _) => Bound::Tcp(socket),
                Socket::Unix(socket) => Bound::Unix(socket, None),
            };
            passed.push((about.passed_as.unwrap_or_default(), bound));
        }
        passed
    }

    fn take(&mut self, is_meant: impl Fn(&Waiting) -> bool) -> Option<Waiting> {
        let at = self.sockets.iter().position(is_meant)?;
        let taken = self.sockets.remove(at)?;
        self.taken.push(taken.index);
        Some(taken)
    }
}

impl Socket {
    fn of(descriptor: OwnedFd) -> io::Result<Self> {
        if sockopt::socket_type(&descriptor)? != SocketType::STREAM || !sockopt::socket_acceptconn(&descriptor)? {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a descriptor is no stream socket that listens"));
        }
        if sockopt::socket_domain(&descriptor)? == AddressFamily::UNIX {
            return Ok(Self::Unix(descriptor.into()));
        }
        let socket = TcpListener::from(descriptor);
        let address = socket.local_addr()?;
        Ok(Self::Tcp(socket, address))
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn listening() -> (SocketAddr, OwnedFd) {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
        (socket.local_addr().expect("it is bound"), socket.into())
    }

    fn passed_as(name: &str) -> About {
        About { passed_as: Some(name.into()), ..About::default() }
    }

    #[test]
    fn a_socket_is_taken_once_by_the_place_where_it_listens() {
        let ((first, one), (second, two)) = (listening(), listening());
        let mut given = Given::new([(one, About::default()), (two, About::default())]).expect("they listen");
        assert!(given.tcp(SocketAddr::new(first.ip(), 1)).is_none());
        assert_eq!(given.tcp(second).map(|socket| socket.local_addr().expect("it is bound")), Some(second));
        assert!(given.tcp(second).is_none(), "it is taken");
        assert_eq!(given.port(first.ip()), Some(first.port()));
        assert_eq!(given.taken(), [1]);
    }

    #[test]
    fn a_unix_socket_is_taken_by_its_file_however_the_path_is_written() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("a.sock");
        let (socket, file) = socket_file::listen(&path, 0o600, (None, None), 1).expect("the folder takes a socket");
        let about = About { file: Some(file.id()), ..About::default() };
        file.is_left().store(true, Relaxed);
        let mut given = Given::new([(socket.into(), about)]).expect("it listens");
        assert!(given.unix(&folder.path().join("b.sock")).is_none());
        let (_socket, theirs) = given.unix(&folder.path().join("./a.sock")).expect("it is the same file");
        drop(file);
        assert!(UnixStream::connect(&path).is_ok(), "the file is left");
        given.claim();
        drop(theirs);
        assert!(!path.exists(), "it goes with its new owner");
    }

    #[test]
    fn a_socket_of_a_service_manager_keeps_its_name() {
        let names = ["web", "api", "web"];
        let sockets = names.map(|name| (listening().1, passed_as(name)));
        let mut given = Given::new(sockets.into_iter().chain([(listening().1, About::default())])).expect("they listen");
        assert_eq!(given.passed(Some("web")).len(), 2);
        let rest: Vec<_> = given.passed(None).into_iter().map(|(name, _)| name).collect();
        assert_eq!((rest, given.taken()), (vec!["api".to_owned()], &[0, 2, 1][..]));
    }

    #[test]
    fn a_socket_of_a_door_is_not_the_servers_nor_that_of_a_part_which_a_later_version_has() {
        let sockets = ["\"health\"", "\"server\"", "\"later\""].map(|part| {
            let part = serde_json::from_str(part).expect("each word is a part");
            (listening(), part)
        });
        let ports = sockets.each_ref().map(|((address, _), _)| Some(address.port()));
        let about = |part| About { part, ..About::default() };
        let mut given = Given::new(sockets.map(|((_, socket), part)| (socket, about(part)))).expect("they listen");
        let (health, server) = (given.part(Part::Health), given.part(Part::Server));
        let ip = IpAddr::from([127, 0, 0, 1]);
        assert_eq!([health.port(ip), server.port(ip), given.port(ip)], ports);
    }

    #[test]
    fn a_descriptor_that_does_not_listen_is_refused() {
        let (one, _other) = UnixStream::pair().expect("a pair can be made");
        assert!(Given::new([(OwnedFd::from(one), About::default())]).is_err());
        let file = tempfile::tempfile().expect("a file can be made");
        assert!(Given::new([(OwnedFd::from(file), About::default())]).is_err());
    }
}
