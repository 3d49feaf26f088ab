//! The command line as clap parses it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::bench::BenchArguments;
use crate::build::BuildArguments;
use crate::data::DataArguments;
use crate::dev::DevArguments;
use crate::headings::EVERYWHERE;
use crate::inspect::InspectArguments;
use crate::log::Logging;
use crate::new::NewArguments;
use crate::remote::RemoteCommand;
use crate::run::RunArguments;
use crate::test::TestArguments;

const EXAMPLES: &str = "\
Examples:
  ws-host new my-chat --lang python              create a project: rust, python, js, ts or c
  ws-host run chat.wasm                          serve it at http://localhost:13254/
  ws-host dev my-chat                            build, serve, rebuild after each change";

/// The parsed command line.
#[derive(Debug, Parser)]
#[command(name = "ws-host", version, about = "A WebSocket server whose application is a sandboxed WebAssembly component", after_help = EXAMPLES)]
pub struct Arguments {
    /// The log.
    #[command(flatten)]
    pub logging: Logging,
    /// The settings file.
    #[command(flatten)]
    pub settings: SettingsFile,
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
    /// Commands on a running server.
    #[command(flatten)]
    Remote(RemoteCommand),
    /// Read, edit and back up the data folder of a server
    Data(DataArguments),
    /// Load a WebSocket server and measure it
    Bench(BenchArguments),
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

/// The choice of the settings file.
#[derive(Debug, Args)]
pub struct SettingsFile {
    /// The settings file [default: ws-host.toml, if it exists]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Read no settings file
    #[arg(long, global = true, help_heading = EVERYWHERE, conflicts_with = "config")]
    pub no_config: bool,
}
