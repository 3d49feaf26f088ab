//! The command line: what can be said, and how an error is told.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{bench, compression, flags, log, new, remote, settings, tls};

/// For mistakes in what was asked for: a file, a flag, an address. clap uses the same.
const USAGE: u8 = 2;
/// For a request that a running server has refused.
const REFUSED: u8 = 1;

/// The heading of what each command takes.
pub const EVERYWHERE: &str = "Options of all commands";

const EXAMPLES: &str = "\
Examples:
  ws-host new my-chat --lang python              begin a project: rust, python, js, ts or c
  ws-host run chat.wasm                          serve it at http://localhost:13254/
  ws-host run chat.wasm --host 0.0.0.0 --port 80 open it to the network
  ws-host dev my-chat                            build it, serve it, and again after each change
  ws-host inspect chat.wasm                      see what it exports and asks for
  ws-host swap new.wasm                          change the running server's component
  ws-host bench ws://localhost:13254/            put an echo server under load and measure it";

const RUN_EXAMPLES: &str = "\
Examples:
  ws-host run chat.wasm --watch                  and go to the new one whenever the file changes
  ws-host run chat.wasm --instances per-room --room-path '/chat/{room}'
  ws-host run chat.wasm --allow-origin https://app.example";

/// What was said.
#[derive(Debug, Parser)]
#[command(name = "ws-host", version, about = "A WebSocket server whose application is a sandboxed WebAssembly component", after_help = EXAMPLES)]
pub struct Arguments {
    /// How much to log, and how.
    #[command(flatten)]
    pub logging: log::Logging,
    /// Which file has more to say.
    #[command(flatten)]
    pub settings: settings::Choice,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a component to WebSocket clients
    Run(RunArguments),
    /// Show what a component exports, imports and would be allowed to do
    Inspect(InspectArguments),
    /// Build a guest project and serve it, again after each change
    Dev(DevArguments),
    /// Begin a guest project in a folder of its name
    New(NewArguments),
    /// Build a guest project
    Build(BuildArguments),
    /// Build a guest project and play its dialogues against it
    Test(TestArguments),
    /// Change a running server's component; its clients stay connected
    Swap(SwapArguments),
    /// Have a running server go back to the component before
    Rollback(Remote),
    /// Show what a running server runs
    Status(Remote),
    /// Put a WebSocket server under load and measure it
    Bench(bench::BenchArguments),
    /// Write what a shell needs to complete commands
    #[command(display_order = 100)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page
    #[command(display_order = 101)]
    Man,
}

/// `ws-host new`.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The project's name, and its folder's
    pub name: String,
    /// What it is written in
    #[arg(long, short, value_enum)]
    pub lang: new::Language,
}

/// `ws-host build`.
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// The guest project
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Where the component goes
    #[arg(long, short, value_name = "FILE", default_value = "app.wasm")]
    pub out: PathBuf,
}

/// `ws-host test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// The guest project: its dialogues are the files tests/*.chat
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

/// `ws-host run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArguments {
    /// The component
    pub file: Option<PathBuf>,
    /// Go to the new component whenever the file changes
    #[arg(long, short)]
    pub watch: bool,
    /// Where and how to serve it.
    #[command(flatten)]
    pub serving: Serving,
}

/// `ws-host swap`.
#[derive(Debug, Args)]
pub struct SwapArguments {
    /// The new component
    pub file: PathBuf,
    /// Which server.
    #[command(flatten)]
    pub remote: Remote,
}

/// Which running server is meant, and how its answer is shown.
#[derive(Debug, Args)]
pub struct Remote {
    /// The port of the running server
    #[arg(long, short, default_value_t = 13254)]
    pub port: u16,
    /// The server's admin socket, if its owner chose another place
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Write JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// `ws-host inspect`.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// The component
    pub file: PathBuf,
    /// Write JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// `ws-host dev`.
#[derive(Debug, Args)]
pub struct DevArguments {
    /// The guest project: a directory with a Cargo.toml, app.py, package.json or compile_flags.txt
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Serve https:// and wss:// with a certificate made for localhost, 127.0.0.1 and ::1
    #[arg(long)]
    pub tls: bool,
    /// Where and how to serve it.
    #[command(flatten)]
    pub serving: Serving,
}

/// What `run` and `dev` have in common.
#[derive(Debug, Args)]
pub struct Serving {
    /// The TCP port; 0 picks a free one
    #[arg(long, short, default_value_t = 13254)]
    pub port: u16,
    /// The name or address to listen on; 0.0.0.0 or :: opens it to the network
    #[arg(long, default_value = "127.0.0.1", value_name = "HOST")]
    pub host: String,
    /// TLS.
    #[command(flatten)]
    pub tls_files: tls::TlsFiles,
    /// Do not answer GET / with the chat page
    #[arg(long)]
    pub no_page: bool,
    /// Admit pages of another origin: https://app.example, *.example.com, null (files) or * (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Give the guest an environment variable: NAME=VALUE, or NAME alone for the value that it has here (repeatable)
    #[arg(long, hide_short_help = true, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
    /// Believe the X-Forwarded-For of this proxy, an address or a network such as 10.0.0.0/8 (repeatable)
    #[arg(long, hide_short_help = true, value_name = "CIDR")]
    pub trusted_proxy: Vec<String>,
    /// Trusted proxies say who the client is by the PROXY protocol, version 1 or 2, in front of each connection
    #[arg(long, hide_short_help = true, requires = "trusted_proxy")]
    pub proxy_protocol: bool,
    /// Which clients share an instance of the guest
    #[arg(long, value_enum, default_value_t = Sharing::Shared, value_name = "MODE")]
    pub instances: Sharing,
    /// With --instances per-room: how a path names a room, as in /chat/{room} [default: the whole path]
    #[arg(long, value_name = "PATTERN")]
    pub room_path: Option<String>,
    /// With several rooms: the threads that run them; 0 means one for each core
    #[arg(long, hide_short_help = true, default_value_t = 0, value_name = "N")]
    pub shards: usize,
    /// How messages are compressed with clients that can (permessage-deflate)
    #[arg(long, hide_short_help = true, value_enum, default_value_t = compression::Mode::Shared, value_name = "MODE")]
    pub compression: compression::Mode,
    /// Where `ws-host swap` and `status` reach this server [default: in the user's runtime folder, by port]
    #[arg(long, hide_short_help = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// The file with settings that was read.
    #[arg(skip)]
    pub settings: Option<PathBuf>,
    /// How much of everything.
    #[command(flatten)]
    pub limits: flags::LimitFlags,
}

/// Which clients share an instance.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Sharing {
    /// Everybody
    Shared,
    /// Those whose path names the same room
    PerRoom,
    /// Nobody: each connection has its own
    PerClient,
}

/// Reads the command line and the file with settings. Ends the process after `--help`, `--version` and mistakes on the command line.
///
/// # Errors
/// The file cannot be read, or has a mistake.
pub fn parse() -> anyhow::Result<Arguments> {
    settings::parse(&std::env::args_os().collect::<Vec<_>>())
}

/// Tells an error in one line, and gives the exit code for it.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // Nothing is left to be done if even stderr is gone.
    let _ = writeln!(std::io::stderr(), "ws-host: {}", in_one_line(error));
    ExitCode::from(if error.is::<remote::Refused>() { REFUSED } else { USAGE })
}

/// The error and its causes, each told once: some errors quote their cause, to say behind it what to do.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            let separator = if line.is_empty() { "" } else { ": " };
            line = format!("{line}{separator}{cause}");
        }
    }
    line.replace('\n', " ")
}
