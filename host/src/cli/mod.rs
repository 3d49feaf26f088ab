//! The command line: what can be said, and how an error is told.

pub mod dev;
pub mod inspect;
pub mod log;
pub mod run;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// For mistakes in what was asked for: a file, a flag, an address. clap uses the same.
const USAGE: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  ws-host run chat.wasm                          serve it at http://localhost:13254/
  ws-host run chat.wasm --host 0.0.0.0 --port 80 open it to the network
  ws-host dev guest-examples/chat                build a Rust guest and serve it
  ws-host inspect chat.wasm                      see what it exports and asks for";

/// What was said.
#[derive(Debug, Parser)]
#[command(name = "ws-host", version, about = "A WebSocket server whose application is a sandboxed WebAssembly component", after_help = EXAMPLES)]
pub struct Arguments {
    /// How much to log, and how.
    #[command(flatten)]
    pub logging: log::Logging,
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
    /// Build the guest project in a directory and serve it
    Dev(DevArguments),
}

/// `ws-host run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The component
    pub file: PathBuf,
    /// Where and how to serve it.
    #[command(flatten)]
    pub serving: Serving,
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
    /// The guest project: a directory with a Cargo.toml
    #[arg(default_value = ".")]
    pub dir: PathBuf,
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
    /// Do not answer GET / with the chat page
    #[arg(long)]
    pub no_page: bool,
    /// Admit pages of another origin: https://app.example, *.example.com, null (files) or * (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// How long a shutdown waits for the clients, in seconds
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    pub drain: u64,
}

/// Reads the command line. Ends the process after `--help`, `--version` and mistakes.
pub fn parse() -> Arguments {
    Arguments::parse()
}

/// Tells an error in one line, and gives the exit code for it.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // Nothing is left to be done if even stderr is gone.
    let _ = writeln!(std::io::stderr(), "ws-host: {error:#}");
    ExitCode::from(USAGE)
}
