//! A listening socket, and what is spoken on its connections.

use super::bound::Bound;
use super::given::Given;
use super::inherited::Inherited;
use super::listen;
use super::unix_listener;
use crate::config::{Listen, Listening};
use crate::error::Error;
use crate::listen::{Place, Purpose};

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: Bound,
    /// The protocols on its connections.
    pub speech: Speech,
    /// The name by which a service manager has passed it.
    pub passed_as: Option<String>,
}

/// The protocols on a connection below HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speech {
    /// TLS.
    pub tls: bool,
    /// A header of the PROXY protocol, if the other end is a trusted proxy.
    pub proxy_protocol: bool,
    /// The port of `https://` that requests are redirected to, if they are.
    pub redirect: Option<u16>,
}

impl Listener {
    /// Listens at all places, at those of `given` by the sockets that are handed over. `has_certificate` tells whether the server can speak TLS.
    ///
    /// # Errors
    /// A place cannot be listened at, is to speak TLS without a certificate, or is to redirect to TLS that no place speaks.
    pub fn open_all(mut places: Vec<Listen>, has_certificate: bool, given: &mut Given) -> Result<Vec<Self>, Error> {
        // By name first: a place without a name takes all that are left.
        places.sort_by_key(|place| matches!(place.place, Place::Inherited(None)));
        if !given.is_empty() {
            // A place without a port goes on with one that no other place names.
            places.sort_by_key(|place| matches!(place.place, Place::Tcp { port: 0, .. }));
        }
        // Another part of the program may wait for them.
        let is_asked = places.iter().any(|place| matches!(place.place, Place::Inherited(_)));
        let inherited = if is_asked { Inherited::from_environment()? } else { Inherited::default() };
        let mut ready = (inherited, given);
        let (redirecting, serving): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|place| matches!(place.purpose, Purpose::Redirect(_)));
        let mut listeners = Vec::new();
        for place in serving {
            listeners.extend(Self::open(place, has_certificate, &mut ready)?);
        }
        let https = listeners.iter().find(|listener| listener.speech.tls).and_then(|listener| listener.place().ok()?.address);
        for place in redirecting {
            let Purpose::Redirect(port) = place.purpose else { continue };
            let port = port.or(https.map(|address| address.port())).ok_or(Error::NothingToRedirectTo)?;
            let opened = Self::open(place, false, &mut ready)?;
            listeners.extend(opened.into_iter().map(|listener| listener.redirecting(port)));
        }
        Ok(listeners)
    }

    fn redirecting(self, port: u16) -> Self {
        Self { speech: Speech { redirect: Some(port), ..self.speech }, ..self }
    }

    /// Listens at a place: at one or several addresses. `has_certificate` tells whether the server can speak TLS. The sockets that a service manager
    /// has passed, or a running server hands over, listen already.
    ///
    /// # Errors
    /// The place cannot be listened at, or is to speak TLS and there is no certificate.
    fn open(listen: Listen, has_certificate: bool, (inherited, given): &mut (Inherited, &mut Given)) -> Result<Vec<Self>, Error> {
        let Listen { place, tls, proxy_protocol, .. } = listen;
        if tls == Some(true) && !has_certificate {
            return Err(Error::NoCertificate);
        }
        let sockets: Vec<(Option<String>, Bound)> = match place {
            Place::Tcp { host, port } => {
                listen::listen_or_take(&host, port, given)?.into_iter().map(|socket| (None, Bound::Tcp(socket))).collect()
            }
            Place::Unix { path, mode, owner } => {
                let (socket, file) = unix_listener::listen(&path, mode, owner.as_deref(), given)?;
                vec![(None, Bound::Unix(socket, Some(file)))]
            }
            Place::OpenTcp(socket) => vec![(None, Bound::Tcp(socket))],
            Place::OpenUnix(socket) => vec![(None, Bound::Unix(socket, None))],
            Place::Inherited(name) => {
                inherited.take(name.as_deref(), given)?.into_iter().map(|(name, socket)| (Some(name), socket)).collect()
            }
        };
        let with_speech = |(passed_as, socket)| {
            let tls = tls.unwrap_or(has_certificate && matches!(socket, Bound::Tcp(_)));
            Self { socket, speech: Speech { tls, proxy_protocol, redirect: None }, passed_as }
        };
        Ok(sockets.into_iter().map(with_speech).collect())
    }

    /// Whether only this machine can reach it. `None` if no page reaches it by itself: a Unix socket, or one that only redirects.
    pub fn is_local(&self) -> Option<bool> {
        match &self.socket {
            Bound::Tcp(socket) if self.speech.redirect.is_none() => Some(listen::is_local(socket)),
            _ => None,
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
        Ok(Listening { address, path, tls: self.speech.tls, redirects: self.speech.redirect.is_some() })
    }
}
