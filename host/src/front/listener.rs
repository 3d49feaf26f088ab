//! A listening socket, and what is spoken on its connections.

use super::bound::Bound;
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
    /// Listens at all places. `has_certificate` tells whether the server can speak TLS.
    ///
    /// # Errors
    /// A place cannot be listened at, is to speak TLS without a certificate, or is to redirect to TLS that no place speaks.
    pub fn open_all(mut places: Vec<Listen>, has_certificate: bool) -> Result<Vec<Self>, Error> {
        // By name first: a place without a name takes all that are left.
        places.sort_by_key(|place| matches!(place.place, Place::Inherited(None)));
        // Another part of the program may wait for them.
        let is_asked = places.iter().any(|place| matches!(place.place, Place::Inherited(_)));
        let mut inherited = if is_asked { Inherited::from_environment()? } else { Inherited::default() };
        let (redirecting, serving): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|place| matches!(place.purpose, Purpose::Redirect(_)));
        let mut listeners = Vec::new();
        for place in serving {
            listeners.extend(Self::open(place, has_certificate, &mut inherited)?);
        }
        let https = listeners.iter().find(|listener| listener.speech.tls).and_then(|listener| listener.place().ok()?.address);
        for place in redirecting {
            let Purpose::Redirect(port) = place.purpose else { continue };
            let port = port.or(https.map(|address| address.port())).ok_or(Error::NothingToRedirectTo)?;
            let opened = Self::open(place, false, &mut inherited)?;
            listeners.extend(opened.into_iter().map(|listener| listener.redirecting(port)));
        }
        Ok(listeners)
    }

    fn redirecting(self, port: u16) -> Self {
        Self { speech: Speech { redirect: Some(port), ..self.speech }, ..self }
    }

    /// Listens at a place: at one or several addresses. `has_certificate` tells whether the server can speak TLS. `inherited` has the sockets that
    /// a service manager has passed.
    ///
    /// # Errors
    /// The place cannot be listened at, or is to speak TLS and there is no certificate.
    fn open(listen: Listen, has_certificate: bool, inherited: &mut Inherited) -> Result<Vec<Self>, Error> {
        let Listen { place, tls, proxy_protocol, .. } = listen;
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
            Self { socket, speech: Speech { tls, proxy_protocol, redirect: None } }
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
