//! The `ws-host` command.

mod api;
mod app_flags;
mod arguments;
mod bench;
mod build;
mod cluster;
mod compression;
mod config_file;
mod data;
mod dev;
mod env;
mod explain;
mod follow;
mod headings;
mod hint;
mod ineffective;
mod inspect;
mod json;
mod limits;
mod log;
mod log_queue;
mod log_tail;
mod manual;
mod mistakes;
mod new;
mod notify;
mod output;
mod pages;
mod path_entries;
mod reload;
mod remote;
mod report;
mod run;
mod sdk;
mod serve;
mod serve_flags;
mod settings;
mod signals;
mod store_sync;
mod succession;
mod swap;
mod test;
mod tls;
mod units;
mod watch;

use std::process::ExitCode;

use arguments::Command;
use report::report;
use ws_host::api::LogTail;

/// Chosen by measurement; `docs/decisions.md` has the figures.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = match settings::parse(&std::env::args_os().collect::<Vec<_>>()) {
        Ok(arguments) => arguments,
        Err(error) => return report(&error),
    };
    let log = match log::set_up(&arguments.logging) {
        Ok(log) => log,
        Err(error) => return report(&error),
    };
    let result = obey(arguments.command, log.tail);
    // The log comes first, so that the error is the last line.
    log.queue.flush();
    result.map_or_else(|error| report(&error), |()| ExitCode::SUCCESS)
}

/// Runs the command until it ends.
fn obey(command: Command, log: LogTail) -> anyhow::Result<()> {
    match command {
        Command::Run(run) => run::run(run, &log, settings::again),
        Command::Inspect(inspect) => inspect::inspect(&inspect),
        Command::Dev(dev) => dev::dev(dev, log, settings::again),
        Command::New(new) => new::new(&new),
        Command::Build(build) => build::build(&build),
        Command::Test(test) => test::test(&test),
        Command::Remote(remote) => remote::obey(&remote),
        Command::Data(data) => data::data(&data),
        Command::Bench(bench) => bench::bench(bench),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man => manual::man(),
    }
}
