//! The connection to NATS.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr, connection, jetstream};
use percent_encoding::percent_decode_str;
use tokio::sync::watch;
use tokio::time::timeout;

use super::settings::{ClusterError, ClusterSettings};

/// A server that does not answer for so long is given up. Requests that cannot be answered take no longer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// A connection without an answer to three of these is lost.
const PING: Duration = Duration::from_secs(1);
/// The longest time between two attempts to connect again.
const MAX_DELAY: Duration = Duration::from_millis(500);
/// Requests that wait for the connection.
const WAITING: usize = 1024;

/// The connection, which comes back by itself.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) jetstream: jetstream::Context,
    state: Arc<watch::Sender<State>>,
}

/// Whether NATS is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) is_up: bool,
    /// Counts the connections.
    pub(super) connections: u64,
}

impl Link {
    /// Connects to one of the servers.
    pub(super) async fn connect(settings: &ClusterSettings) -> Result<Self, ClusterError> {
        let servers = addresses(&settings.servers)?;
        let state = Arc::<watch::Sender<State>>::default();
        let client = options(settings, &servers[0], Arc::clone(&state))?
            .connect(servers)
            .await
            .map_err(|error| refused(settings, &error))?;
        let jetstream = jetstream::context::ContextBuilder::new().timeout(TIMEOUT).build(client.clone());
        Ok(Self { client, jetstream, state })
    }

    pub(super) fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Waits for the connection, if it is lost. Returns its state.
    pub(super) async fn connected(&self) -> State {
        loop {
            let mut state = self.state.subscribe();
            if let Ok(Ok(state)) = timeout(TIMEOUT, state.wait_for(|state| state.is_up)).await {
                return *state;
            }
            // The client drops events when too many come at once.
            if self.client.connection_state() == connection::State::Connected {
                noticed(&self.state, &Event::Connected);
            }
        }
    }

    /// Waits until the connection is another one than this.
    pub(super) async fn is_other_than(&self, known: State) {
        // The sender lives as long as this.
        let _ = self.state.subscribe().wait_for(|state| *state != known).await;
    }

    /// The bytes of a message that NATS carries for certain, with its headers: at most this many.
    pub(super) fn message_bytes(&self, most: usize) -> usize {
        most.min(self.client.max_payload().saturating_sub(4096)).max(1024)
    }
}

fn options(
    settings: &ClusterSettings,
    first: &ServerAddr,
    changes: Arc<watch::Sender<State>>,
) -> Result<ConnectOptions, ClusterError> {
    let mut options = ConnectOptions::new()
        .name(format!("ws-host, cluster {}", settings.name))
        .connection_timeout(TIMEOUT)
        .request_timeout(Some(TIMEOUT))
        .ping_interval(PING)
        .client_capacity(WAITING)
        .reconnect_delay_callback(|attempts| {
            MAX_DELAY.min(Duration::from_millis(50) * u32::try_from(attempts.saturating_sub(1)).unwrap_or(10))
        })
        .event_callback(move |event| {
            noticed(&changes, &event);
            std::future::ready(())
        });
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    options = match (first.username(), first.password()) {
        (Some(user), Some(password)) => options.user_and_password(decoded(user), decoded(password)),
        (Some(token), None) => options.token(decoded(token)),
        (None, _) => options,
    };
    if let Some(path) = &settings.credentials {
        let failed = |error: std::io::Error| {
            ClusterError(format!(
                "cannot read the NATS credentials {}: {error}; check the file and its permissions",
                path.display()
            ))
        };
        let text = std::fs::read_to_string(path).map_err(failed)?;
        options = options.credentials(&text).map_err(failed)?;
    }
    if let Some(path) = &settings.ca {
        options = options.add_root_certificates(readable(path)?);
    }
    if let Some((certificate, key)) = &settings.certificate {
        options = options.add_client_certificate(readable(certificate)?, readable(key)?);
    }
    Ok(options)
}

fn readable(path: &std::path::Path) -> Result<std::path::PathBuf, ClusterError> {
    let unreadable =
        |error| ClusterError(format!("cannot read {} for NATS: {error}; check the file and its permissions", path.display()));
    std::fs::File::open(path).map_err(unreadable).map(|_| path.into())
}

fn noticed(changes: &watch::Sender<State>, event: &Event) {
    match event {
        Event::Connected => {
            let before = changes.borrow().connections;
            changes.send_replace(State { is_up: true, connections: before + 1 });
            if before > 0 {
                tracing::info!("the connection to NATS is back");
            }
        }
        Event::Disconnected | Event::Closed => {
            let was_up = changes.borrow().is_up;
            changes.send_modify(|state| state.is_up = false);
            if was_up {
                tracing::warn!("the connection to NATS is lost: rooms wait until it is back");
            }
        }
        event => tracing::debug!("NATS: {event}"),
    }
}

fn addresses(servers: &[String]) -> Result<Vec<ServerAddr>, ClusterError> {
    if servers.is_empty() {
        return Err(ClusterError("no NATS server is given: name one, such as nats://localhost:4222".into()));
    }
    let invalid = "a NATS server's address is invalid: write it as nats://HOST:4222 or tls://HOST:4222";
    servers.iter().map(|server| server.parse().map_err(|_| ClusterError(invalid.into()))).collect()
}

/// The servers without users and passwords.
fn shown(servers: &[String]) -> String {
    let host = |server: &String| server.rsplit('@').next().unwrap_or_default().trim_start_matches("nats://").to_owned();
    servers.iter().map(host).collect::<Vec<_>>().join(", ")
}

fn refused(settings: &ClusterSettings, error: &async_nats::ConnectError) -> ClusterError {
    let servers = shown(&settings.servers);
    ClusterError(match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            format!("NATS at {servers} refuses this node: check the credentials, or the user and password in the address")
        }
        _ if is_of_tls(error) => {
            format!("no TLS connection to NATS at {servers}: {error}; check its certificate and the authorities")
        }
        ConnectErrorKind::Dns => format!("the name of the NATS server at {servers} is not known: {error}; check the address"),
        _ => format!("NATS at {servers} cannot be reached: {error}; check that it runs and that the address is right"),
    })
}

/// Whether TLS has failed. The client tells a certificate that it does not trust as an error of input and output.
fn is_of_tls(error: &async_nats::ConnectError) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let mut failed = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>()).filter_map(std::io::Error::get_ref);
    error.kind() == ConnectErrorKind::Tls || failed.any(|cause| cause.is::<rustls::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_servers_without_passwords() {
        let servers = ["nats://user:secret@a:4222".into(), "tls://b:4222".into()];
        assert_eq!(shown(&servers), "a:4222, tls://b:4222");
    }
}
