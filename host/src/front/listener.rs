//! A listening socket, and what is spoken on its connections.

use super::bound::Bound;
use super::inherited::Inherited;
use super::listen;
use super::unix_listener;
use crate::config::{Listen, Listening};
use crate::error::Error;
use crate::listen::Place;

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: Bound,
    /// The protocols on its connections.
    pub speech: Speech,
}

/// The protocols on a connection below HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speech {
    /// TLS.
    pub tls: bool,
    /// A header of the PROXY protocol, if the other end is a trusted proxy.
    pub proxy_protocol: bool,
}

impl Listener {
    /// Listens at a place: at one or several addresses. `has_certificate` tells whether the server can speak TLS. `inherited` has the sockets that
    /// a service manager has passed.
    ///
    /// # Errors
    /// The place cannot be listened at, or is to speak TLS and there is no certificate.
    pub fn open(listen: Listen, has_certificate: bool, inherited: &mut Inherited) -> Result<Vec<Self>, Error> {
        let Listen { place, tls, proxy_protocol } = listen;
        if tls == Some(true) && !has_certificate {
            return Err(Error::NoCertificate);
        }
        let sockets = match place {
            Place::Tcp { host, port } => listen::listen(&host, port)?.into_iter().map(Bound::Tcp).collect(),
            Place::Unix { path, mode, owner } => {
                let (socket, file) = unix_listener::listen(&path, mode, owner.as_deref())?;
                vec![Bound::Unix(socket, Some(file))]
            }
            Place::OpenTcp(socket) => vec![Bound::Tcp(socket)],
            Place::OpenUnix(socket) => vec![Bound::Unix(socket, None)],
            Place::Inherited(name) => inherited.take(name.as_deref())?,
        };
        let with_speech = |socket| {
            let tls = tls.unwrap_or(has_certificate && matches!(socket, Bound::Tcp(_)));
            Self { socket, speech: Speech { tls, proxy_protocol } }
        };
        Ok(sockets.into_iter().map(with_speech).collect())
    }

    /// Whether only this machine can reach it, and pages of other sites can too. No page reaches a Unix socket but through a proxy.
    pub fn is_local(&self) -> Option<bool> {
        match &self.socket {
            Bound::Tcp(socket) => Some(listen::is_local(socket)),
            Bound::Unix(..) => None,
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn place(&self) -> std::io::Result<Listening> {
        let (address, path) = match &self.socket {
            Bound::Tcp(socket) => (Some(socket.local_addr()?), None),
            Bound::Unix(socket, _) => (None, socket.local_addr()?.as_pathname().map(ToOwned::to_owned)),
        };
        Ok(Listening { address, path, tls: self.speech.tls })
    }
}
