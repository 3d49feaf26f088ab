//! `ws-host test`: builds a guest project, serves it, and plays its dialogues with real clients.

mod client;

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use ws_host::Server;
use ws_protocol::Message;

use self::client::{Client, Heard};
use crate::build::Project;

/// `ws-host test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// The guest project, with dialogues in tests/*.chat
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

/// Builds the project and plays the dialogues `tests/*.chat`.
///
/// # Errors
/// The build fails, the project has no dialogue, or a dialogue goes differently. The error names the file and the line.
pub fn test(arguments: &TestArguments) -> anyhow::Result<()> {
    let project = Project::open(arguments.dir.clone())?;
    let dialogues = dialogues(project.dir())?;
    let component = project.build()?;
    for file in dialogues {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let lines =
            with_server(&component, |address| play(&text, address)).with_context(|| format!("{} failed", file.display()))?;
        // A closed stdout is ignored.
        let _ = writeln!(std::io::stdout(), "{}: {lines} lines passed", file.display());
    }
    Ok(())
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

/// Serves the component on a free port as long as `act` runs.
fn with_server<T>(component: &Path, act: impl FnOnce(SocketAddr) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let server = Server::builder().port(0).component(component).build()?;
    let (address, handle) = (server.local_addr(), server.handle());
    let serving = std::thread::spawn(move || server.run_forever());
    let result = act(address);
    handle.shutdown();
    // The thread fails only through a bug of the server, which the dialogue has already met.
    let _ = serving.join();
    result
}

/// Plays a dialogue. Returns the number of lines played.
fn play(text: &str, address: SocketAddr) -> anyhow::Result<usize> {
    let mut clients = HashMap::new();
    let mut played = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        step(&mut clients, line, address).with_context(|| format!("line {}, `{line}`", index + 1))?;
        played += 1;
    }
    Ok(played)
}

/// Plays one line: `ann joins`, `ann joins /path`, `ann says hello`, `ann hears hello`, `ann leaves` or
/// `ann is closed with 1011`.
fn step(clients: &mut HashMap<String, Client>, line: &str, address: SocketAddr) -> anyhow::Result<()> {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if verb == "joins" {
        let path = if rest.is_empty() { "/" } else { rest };
        clients.insert(name.to_owned(), Client::join(address, path)?);
        return Ok(());
    }
    let client = clients.get_mut(name).with_context(|| format!("{name} has not joined"))?;
    match verb {
        "says" => client.says(rest)?,
        "hears" => {
            let heard = hear(client)?;
            if heard != rest {
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
