//! The server before this one, whose place this one takes.

use std::path::PathBuf;

use ws_host::Handle;
use ws_host::api::doors::default_socket;
use ws_host::api::take_over;
use ws_host::api::takeover::Taking;

use crate::serve_flags::ServeFlags;
use crate::signals::Signals;

/// The server before this one.
pub struct Before {
    /// Its listening sockets.
    pub taking: Taking,
    /// The admin socket of a server that runs.
    pub socket: Option<PathBuf>,
    /// The signals to a process that serves again.
    pub signals: Option<Signals>,
}

/// The server of this process has ended for another process, which failed then.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct EndedInVain {
    /// The reason, with the other process.
    pub reason: String,
    /// The server.
    pub handle: Handle,
    /// The signals to this process.
    pub signals: Signals,
}

/// Both processes have failed. It leads to exit code 1.
#[derive(Debug, thiserror::Error)]
#[error("nobody serves: {vain}, and this process cannot go on: {error:#}. Start the server again")]
pub struct NobodyServes {
    vain: String,
    error: anyhow::Error,
}

impl Before {
    /// The server that runs at the admin socket, if there is one.
    ///
    /// # Errors
    /// It refuses, or is another user's.
    pub fn running(flags: &ServeFlags) -> anyhow::Result<Option<Self>> {
        let socket = flags.socket.clone().unwrap_or_else(|| default_socket(flags.first_port()));
        let taking = take_over(&socket)?;
        match &taking {
            Some(_) => tracing::info!("taking over from the server at {}", socket.display()),
            None => tracing::info!("no server listens at {}: there is nothing to take over", socket.display()),
        }
        Ok(taking.map(|taking| Self { taking, socket: Some(socket), signals: None }))
    }
}

/// Serves, and again whenever the server has ended for a process that failed then.
///
/// # Errors
/// Those of `serve`; [`NobodyServes`] if it cannot serve again.
pub fn serve_on(mut before: Option<Before>, serve: impl Fn(Option<Before>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut vain: Option<String> = None;
    loop {
        let Err(error) = serve(before.take()) else { return Ok(()) };
        let EndedInVain { reason, handle, signals } = match (error.downcast(), vain.take()) {
            (Ok(ended), _) => ended,
            (Err(error), Some(vain)) => return Err(NobodyServes { vain, error }.into()),
            (Err(error), None) => return Err(error),
        };
        tracing::error!("{reason}: this process serves again");
        before = Some(Before { taking: Taking::back(&handle)?, socket: None, signals: Some(signals) });
        vain = Some(reason);
    }
}
