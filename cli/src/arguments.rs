//! The command line: its arguments, and the report of an error.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{bench, compression, explain, flags, log, new, remote, settings, tls};

/// The exit code for a mistake of the user: a file, a flag, an address. clap uses the same.
const USAGE: u8 = 2;
/// The exit code for a request that a running server has refused.
const REFUSED: u8 = 1;

/// The help's heading of the options that every command has.
pub const EVERYWHERE: &str = "Options of all commands";

const EXAMPLES: &str = "\
Examples:
  ws-host new my-chat --lang python              create a project: rust, python, js, ts or c
  ws-host run chat.wasm                          serve it at http://localhost:13254/
  ws-host run chat.wasm --host 0.0.0.0 --port 80 open it to the network
  ws-host dev my-chat                            build, serve, rebuild after each change
  ws-host inspect chat.wasm                      show its exports and imports
  ws-host swap new.wasm                          change the running server's component
  ws-host bench ws://localhost:13254/            load an echo server and measure it";

const RUN_EXAMPLES: &str = "\
Examples:
  ws-host run chat.wasm --watch                  swap whenever the file changes
  ws-host run chat.wasm --instances per-room --room-path '/chat/{room}'
  ws-host run chat.wasm --allow-origin https://app.example";

/// The parsed command line.
#[derive(Debug, Parser)]
#[command(name = "ws-host", version, about = "A WebSocket server whose application is a sandboxed WebAssembly component", after_help = EXAMPLES)]
pub struct Arguments {
    /// The log.
    #[command(flatten)]
    pub logging: log::Logging,
    /// The settings file.
    #[command(flatten)]
    pub settings: settings::Choice,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a component to WebSocket clients
    Run(RunArguments),
    /// Show a component's exports, imports and capabilities
    Inspect(InspectArguments),
    /// Build a guest project, serve it, and rebuild it after each change
    Dev(DevArguments),
    /// Create a guest project in a folder of its name
    New(NewArguments),
    /// Build a guest project
    Build(BuildArguments),
    /// Build a guest project and play its dialogues against it
    Test(TestArguments),
    /// Change a running server's component; its clients stay connected
    Swap(SwapArguments),
    /// Return a running server to its previous component
    Rollback(Remote),
    /// Show a running server's release, rooms and clients
    Status(Remote),
    /// Load a WebSocket server and measure it
    Bench(bench::BenchArguments),
    /// Write a shell's completion script
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
    /// The name of the project and its folder
    pub name: String,
    /// The language of the project
    #[arg(long, short, value_enum)]
    pub lang: new::Language,
}

/// `ws-host build`.
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// The guest project
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// The component's file
    #[arg(long, short, value_name = "FILE", default_value = "app.wasm")]
    pub out: PathBuf,
}

/// `ws-host test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// The guest project, with dialogues in tests/*.chat
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

/// `ws-host run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArguments {
    /// The component
    pub file: Option<PathBuf>,
    /// Swap to the new component whenever the file changes
    #[arg(long, short)]
    pub watch: bool,
    /// The options that `run` shares with `dev`.
    #[command(flatten)]
    pub serving: Serving,
}

/// `ws-host swap`.
#[derive(Debug, Args)]
pub struct SwapArguments {
    /// The new component
    pub file: PathBuf,
    /// The running server.
    #[command(flatten)]
    pub remote: Remote,
}

/// A running server, and the form of its answer.
#[derive(Debug, Args)]
pub struct Remote {
    /// The port of the running server
    #[arg(long, short, default_value_t = 13254)]
    pub port: u16,
    /// The server's admin socket [default: in the user's runtime folder, by port]
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
    /// The options that `dev` shares with `run`.
    #[command(flatten)]
    pub serving: Serving,
}

/// The options that `run` and `dev` share.
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
    /// Give the guest an environment variable: NAME=VALUE, or NAME to pass on the host's own value (repeatable)
    #[arg(long, hide_short_help = true, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
    /// Trust the X-Forwarded-For of this proxy, an address or a network such as 10.0.0.0/8 (repeatable)
    #[arg(long, hide_short_help = true, value_name = "CIDR")]
    pub trusted_proxy: Vec<String>,
    /// Trusted proxies send the client's address by the PROXY protocol, version 1 or 2, at the start of each connection
    #[arg(long, hide_short_help = true, requires = "trusted_proxy")]
    pub proxy_protocol: bool,
    /// Which clients share an instance of the guest
    #[arg(long, value_enum, default_value_t = Sharing::Shared, value_name = "MODE")]
    pub instances: Sharing,
    /// With --instances per-room: the part of the path that names the room, as in /chat/{room} [default: the whole path]
    #[arg(long, value_name = "PATTERN")]
    pub room_path: Option<String>,
    /// With several rooms: the number of threads that run them; 0 means one for each core
    #[arg(long, hide_short_help = true, default_value_t = 0, value_name = "N")]
    pub shards: usize,
    /// The compression of messages (permessage-deflate), for clients that support it
    #[arg(long, hide_short_help = true, value_enum, default_value_t = compression::Mode::Shared, value_name = "MODE")]
    pub compression: compression::Mode,
    /// The admin socket for `ws-host swap`, `rollback` and `status` [default: in the user's runtime folder, by port]
    #[arg(long, hide_short_help = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// The settings file that was read.
    #[arg(skip)]
    pub settings: Option<PathBuf>,
    /// The limits.
    #[command(flatten)]
    pub limits: flags::LimitFlags,
}

/// The clients that share an instance of the guest.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Sharing {
    /// One instance for all clients
    Shared,
    /// One instance for each room; the path names the room
    PerRoom,
    /// One instance for each connection
    PerClient,
}

/// Parses the command line and the settings file. Ends the process after `--help`, `--version` and mistakes on the command line.
///
/// # Errors
/// The settings file cannot be read, or has a mistake.
pub fn parse() -> anyhow::Result<Arguments> {
    settings::parse(&std::env::args_os().collect::<Vec<_>>())
}

/// Writes an error to stderr in one line. Returns its exit code: 1 for a refusal of a running server, otherwise 2.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // A closed stderr is ignored: the error can go nowhere else.
    let _ = writeln!(std::io::stderr(), "ws-host: {}", in_one_line(error));
    ExitCode::from(if error.is::<remote::Refused>() { REFUSED } else { USAGE })
}

/// Joins an error and its causes. A cause that an outer error already quotes is left out.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(|cause| cause.downcast_ref().map_or_else(|| cause.to_string(), explain::in_flags)) {
        if !line.contains(&cause) {
            let separator = if line.is_empty() { "" } else { ": " };
            line = format!("{line}{separator}{cause}");
        }
    }
    line.replace('\n', " ")
}
