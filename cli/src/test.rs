//! `ws-host test`: builds a guest project, serves it, and plays its dialogues with real clients.

mod client;

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use ws_host::Server;
use ws_host::log::printable;
use ws_protocol::Message;

use self::client::{Client, Heard};
use crate::app_flags::AppFlags;
use crate::build::Project;
use crate::swap::count;
use crate::units;

/// The wildcard of expected messages.
const ANYTHING: &str = "...";

const GRAMMAR: &str = "\
Dialogues are the files tests/*.chat. Each line has a client's name and an action:
  ann joins                 connects her to /, or with a path: ann joins /room/blue?x=1
  ann says hello            sends a text message
  ann hears hello           expects it as the next message; ... stands for anything
  ann hears 5 bytes         expects a binary message of that size
  ann is closed with 1011   expects the server to close, with this code
  ann leaves                closes
Lines that begin with # are comments. Each file has a server of its own.";

/// `ws-host test`.
#[derive(Debug, Args)]
#[command(after_help = GRAMMAR)]
pub struct TestArguments {
    /// The guest project, with dialogues in tests/*.chat
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// The longest wait for a message
    #[arg(long, default_value = "10s", value_parser = units::duration, value_name = "TIME")]
    pub timeout: Duration,
    /// The options that `test` shares with `run`.
    #[command(flatten)]
    pub app: AppFlags,
}

/// Dialogues that went differently. It leads to exit code 1.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {played} dialogues failed")]
pub struct Failed {
    failed: usize,
    played: usize,
}

/// Builds the project and plays the dialogues `tests/*.chat`. A line on stdout tells how each went.
///
/// # Errors
/// The build fails, or the project has no dialogue. If a dialogue goes differently, the error is [`Failed`].
pub fn test(arguments: &TestArguments) -> anyhow::Result<()> {
    let project = Project::open(arguments.dir.clone())?;
    let dialogues = dialogues(project.dir())?;
    let component = project.build()?;
    let (played, mut failed) = (dialogues.len(), 0);
    for file in dialogues {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let server = arguments.app.clone().apply(Server::builder().port(0).component(&component))?.build()?;
        let outcome = match with_server(server, |address| play(&text, address, arguments.timeout)) {
            Ok(lines) => format!("{} passed", count(lines, "line", "lines")),
            Err(error) => {
                failed += 1;
                format!("failed: {error:#}")
            }
        };
        // A closed stdout is ignored.
        let _ = writeln!(std::io::stdout(), "{}: {}", file.display(), printable(&outcome));
    }
    if failed > 0 { Err(Failed { failed, played }.into()) } else { Ok(()) }
}

fn dialogues(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let folder = dir.join("tests");
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut files: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "chat")).collect();
    files.sort();
    if files.is_empty() {
        bail!("{} has no dialogue: write what clients say and hear into a file such as tests/hello.chat", dir.display());
    }
    Ok(files)
}

/// Runs the server as long as `act` runs.
fn with_server<T>(server: Server, act: impl FnOnce(SocketAddr) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let (address, handle) = (server.local_addr(), server.handle());
    let serving = std::thread::spawn(move || server.run_forever());
    let result = act(address);
    handle.shutdown();
    // The thread fails only through a bug of the server, which the dialogue has already met.
    let _ = serving.join();
    result
}

/// Plays a dialogue. Returns the number of lines played.
fn play(text: &str, address: SocketAddr, timeout: Duration) -> anyhow::Result<usize> {
    let mut clients = HashMap::new();
    let mut played = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        step(&mut clients, line, (address, timeout)).with_context(|| format!("line {}, `{line}`", index + 1))?;
        played += 1;
    }
    if played == 0 {
        bail!("it has no line to play");
    }
    Ok(played)
}

/// Plays one line: `ann joins`, `ann joins /path`, `ann says hello`, `ann hears hello`, `ann leaves` or
/// `ann is closed with 1011`.
fn step(clients: &mut HashMap<String, Client>, line: &str, server: (SocketAddr, Duration)) -> anyhow::Result<()> {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if verb == "joins" {
        let path = if rest.is_empty() { "/" } else { rest };
        clients.insert(name.to_owned(), Client::join(server, path)?);
        return Ok(());
    }
    let client = clients.get_mut(name).with_context(|| format!("{name} has not joined"))?;
    match verb {
        "says" => client.says(rest)?,
        "hears" => {
            let heard = hear(client)?;
            if !matches(rest, &heard) {
                bail!("{name} heard `{heard}`");
            }
        }
        "leaves" => {
            client.leaves()?;
            clients.remove(name);
        }
        "is" => {
            let expected: Option<u16> = rest.strip_prefix("closed with ").and_then(|code| code.parse().ok());
            let expected = expected.context("write `is closed with CODE`, for example `is closed with 1011`")?;
            let code = closed(client)?;
            if code != expected {
                bail!("{name} was closed with {code}");
            }
            clients.remove(name);
        }
        _ => bail!("unknown verb; a client `joins`, `says`, `hears`, `leaves` or `is closed with CODE`"),
    }
    Ok(())
}

/// Whether a text is as expected. `...` in the expectation stands for anything.
fn matches(expected: &str, text: &str) -> bool {
    let pieces: Vec<_> = expected.split(ANYTHING).collect();
    let [first, between @ .., last] = &pieces[..] else { return expected == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in between {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

/// Waits for the next message. Returns its text, or `N bytes` for a binary one.
fn hear(client: &mut Client) -> anyhow::Result<String> {
    match client.hears().context("no message came")? {
        Heard::Message(Message::Text(text)) => Ok(text.to_string()),
        Heard::Message(Message::Binary(data)) => Ok(format!("{} bytes", data.len())),
        Heard::Closed(code) => bail!("the connection was closed with {code}"),
    }
}

/// Waits for the server's close frame and returns its code. Messages before it are dropped.
fn closed(client: &mut Client) -> anyhow::Result<u16> {
    loop {
        if let Heard::Closed(code) = client.hears().context("no close frame came")? {
            return Ok(code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn three_dots_stand_for_anything() {
        for (expected, text) in [
            ("hello", "hello"),
            ("...", ""),
            ("a...", "abc"),
            ("...c", "abc"),
            ("a...c", "ac"),
            ("a...b...c", "a1b2c"),
            ("...b...", "abc"),
            ("wait...", "wait..."),
        ] {
            assert!(matches(expected, text), "{expected} {text}");
        }
        for (expected, text) in [("hello", "hello "), ("a...", "ba"), ("a...c", "abcd"), ("ab...bc", "abc"), ("a...b...c", "acb")]
        {
            assert!(!matches(expected, text), "{expected} {text}");
        }
    }
}
