//! The new process: it gets the sockets of a running server, and tells it when it serves itself.

use std::fmt;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;

use serde::Serialize;

use super::messages::{FromNew, FromOld};
use super::wire::{self, Incoming};
use crate::error::Error;
use crate::front::{Given, Part, Shared};
use crate::handle::Handle;
use crate::socket_file::FileId;

/// A running server that hands itself over. Dropping it gives the takeover up, and that server goes on.
#[derive(Debug, Default)]
pub struct Taking {
    /// The connection to the running server, until that has ended.
    stream: Option<UnixStream>,
    incoming: Incoming,
    /// The sockets of the server, and of its doors.
    given: Given,
    api: Given,
    health: Given,
    /// The data folder of the running server.
    data: Option<FileId>,
    /// The server of this process that serves again.
    ended: Option<Handle>,
}

impl Taking {
    /// Gets the sockets. Blocks until they have come.
    ///
    /// # Errors
    /// The other process ends, or cannot be understood.
    pub fn from_stream(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        let mut taking = Self { stream: Some(stream), ..Self::default() };
        let mut sockets = Vec::new();
        loop {
            match taking.next()? {
                Some(FromOld::Sockets { sockets: some, data, more }) => {
                    let descriptors = taking.incoming.take(some.len())?;
                    sockets.extend(descriptors.into_iter().zip(some));
                    taking.data = data;
                    if !more {
                        return Ok(taking.with(Given::new(sockets)?));
                    }
                }
                Some(_) => {}
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// The sockets of a server of this process that has ended for another one, which failed then. The next server serves again what that one has served.
    ///
    /// # Errors
    /// A socket does not listen any more.
    pub fn back(ended: &Handle) -> io::Result<Self> {
        let sockets = ended.succession().take_sockets().into_iter().map(|Shared { descriptor, about, .. }| (descriptor, about));
        Ok(Self { ended: Some(ended.clone()), ..Self::default() }.with(Given::new(sockets)?))
    }

    fn with(self, mut given: Given) -> Self {
        Self { api: given.part(Part::Api), health: given.part(Part::Health), given: given.part(Part::Server), ..self }
    }

    /// The sockets of the server.
    pub(crate) fn given(&mut self) -> &mut Given {
        &mut self.given
    }

    /// The sockets of the API's door for callers with tokens.
    pub(crate) fn api(&mut self) -> &mut Given {
        &mut self.api
    }

    /// The sockets of the door for metrics and probes.
    pub(crate) fn health(&mut self) -> &mut Given {
        &mut self.health
    }

    /// Closes the sockets that nothing has taken. The running server closes them when it leaves, and then nobody listens there.
    pub(crate) fn close_rest(&mut self) {
        [&mut self.given, &mut self.api, &mut self.health].into_iter().for_each(Given::close_rest);
    }

    /// The server of this process that serves again.
    pub(crate) fn ended(&self) -> Option<&Handle> {
        self.ended.as_ref()
    }

    /// Whether the running server has this data folder, so that it must leave it first.
    pub(crate) fn needs(&self, data: Option<FileId>) -> bool {
        self.data.is_some() && data == self.data
    }

    /// Says that this process could serve, and blocks until it may begin.
    ///
    /// # Errors
    /// The running server cannot be understood.
    pub(crate) fn ready(&mut self, needs_data: bool) -> Result<(), Error> {
        if self.stream.is_none() {
            return Ok(());
        }
        let takes = self.given.taken().to_vec();
        // If it has gone, its end of the connection tells.
        let _ = self.say(&FromNew::Ready { takes, needs_data });
        if needs_data {
            tracing::info!("ready: waiting for the running server to keep its rooms and to leave the data folder");
        }
        loop {
            match self.next() {
                Ok(Some(FromOld::Yours)) => return Ok(()),
                Ok(Some(_)) => {}
                Ok(None) => {
                    tracing::warn!("the running server has ended meanwhile: this one goes on alone");
                    self.stream = None;
                    return Ok(());
                }
                Err(error) => return Err(Error::Takeover(format!("it cannot be understood ({error})"))),
            }
        }
    }

    /// Says that this process accepts connections. The files of the sockets are its own from now on.
    pub(crate) fn serving(&self) {
        self.given.claim();
        let _ = self.say(&FromNew::Serving);
    }

    /// Blocks until the running server has left.
    pub(crate) fn wait_until_left(&mut self) {
        while matches!(self.next(), Ok(Some(message)) if message != FromOld::Left) {}
    }

    /// Gives a takeover up, if there is one, for an error that the running server logs too. Returns the error.
    pub fn give_up<E: fmt::Display>(taking: Option<Self>, error: E) -> E {
        if let Some(taking) = taking {
            let _ = taking.say(&FromNew::Failed { reason: error.to_string() });
        }
        error
    }

    fn say(&self, message: &impl Serialize) -> io::Result<()> {
        self.stream.as_ref().map_or(Ok(()), |stream| wire::send(stream, message, &[]))
    }

    /// The next message. `None` at the end.
    fn next(&mut self) -> io::Result<Option<FromOld>> {
        loop {
            if let Some(message) = self.incoming.message()? {
                return Ok(Some(message));
            }
            let Some(stream) = &self.stream else { return Ok(None) };
            match self.incoming.read(stream) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}
