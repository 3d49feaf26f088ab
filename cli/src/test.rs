//! `ws-host test`: builds a guest project, serves it, and plays its dialogues with real clients.

mod client;
mod expected;
mod play;
mod settings;

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use ws_host::Server;
use ws_host::log::printable;

use self::play::play;
use self::settings::Settings;
use crate::build::{Project, Purpose};
use crate::swap::count;

const GRAMMAR: &str = "\
Dialogues are the files tests/*.chat. Each line has a client's name and an action:
  ann joins                 connects her to /, or with a path: ann joins /room/blue?x=1
  ann joins / as v2, v1     the same, and offers subprotocols
  ann joins / with A: b     the same, with a header
  ann speaks v2             expects this subprotocol to be agreed on
  ann is refused with 403   behind a join: expects this HTTP status instead of a connection
  ann says hello            sends a text message
  ann sends 00 ff 41        sends a binary message
  ann hears hello           expects it as the next message; ... stands for anything
  ann receives 00 ff ...    expects a binary message; ... at its end stands for any bytes
  ann hears 5 bytes         expects a binary message of that size
  ann waits 200ms           expects no message in that time
  ann is closed with 1011   expects the server to close, with this code and perhaps a reason
  ann leaves                closes
Lines that begin with # are comments. Lines that begin with -- before the first action are
options for this file, one a line: --instances per-room. Each file has a server of its own.";

/// `ws-host test`.
#[derive(Debug, Args)]
#[command(after_help = GRAMMAR)]
pub struct TestArguments {
    /// The guest project, with dialogues in tests/*.chat
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// The settings that a dialogue may change for itself.
    #[command(flatten)]
    pub settings: Settings,
}

/// The project's component.
struct Built {
    component: PathBuf,
    has_lines: bool,
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
    let built = Built { component: project.build(Purpose::Test)?, has_lines: project.has_lines() };
    let (played, mut failed) = (dialogues.len(), 0);
    // A mistake here is one of the command line, and fails no dialogue.
    drop(server(arguments.settings.clone(), &built)?);
    for file in dialogues {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let outcome = match perform(&text, &built, &arguments.settings) {
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

/// Plays a dialogue with a server of its own. Returns the number of lines played.
fn perform(text: &str, built: &Built, settings: &Settings) -> anyhow::Result<usize> {
    let settings = settings.with_lines_of(text)?;
    let timeout = settings.timeout;
    with_server(server(settings, built)?, |address| play(text, (address, timeout)))
}

/// A server for one dialogue.
fn server(settings: Settings, built: &Built) -> anyhow::Result<Server> {
    let builder = Server::builder().port(0).component(&built.component).trace_lines(built.has_lines);
    Ok(settings.app.apply(builder)?.build()?)
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
