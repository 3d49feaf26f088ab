//! One message to a server and back.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::echo::Client;
use crate::step::{Check, Trouble};

/// A server, killed on drop.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server of the echo guest, sends one message and expects it back, and ends the server by SIGTERM.
pub(super) fn once(mut command: Command) -> Check {
    let shown = command.get_program().to_string_lossy().into_owned();
    once_by(&mut command).with_context(|| format!("serving by {shown}")).map_err(Trouble::from)
}

fn once_by(command: &mut Command) -> anyhow::Result<()> {
    let mut server = Server(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
    let stdout = server.0.stdout.take().context("the server's stdout is piped")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let Some(port) = port(&line) else { bail!("it tells no address (`{}`); the lines above say why", line.trim()) };
    let mut client = Client::connect(port)?;
    client.say()?;
    client.hear()?;
    drop(client);
    kill(Pid::from_raw(server.0.id().try_into()?), Signal::SIGTERM)?;
    let status = server.0.wait()?;
    ensure!(status.success(), "after SIGTERM it ended with {status}");
    Ok(())
}

/// The port in the line that tells the address: `.. (WebSocket: ws://localhost:13254/)`.
fn port(line: &str) -> Option<u16> {
    let (_, behind) = line.rsplit_once("ws://")?;
    behind.split_once(':')?.1.split_once('/')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_address() {
        let line = "echo.wasm is served at http://localhost:46227/ (WebSocket: ws://localhost:46227/)\n";
        assert_eq!(port(line), Some(46227));
        assert_eq!(port("ws-host: no such file\n"), None);
    }
}
