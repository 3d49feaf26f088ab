//! The `ws-host` command.

mod cli;

use std::process::ExitCode;

/// Chosen by measurement; `docs/decisions.md` has the figures.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = match cli::parse() {
        Ok(arguments) => arguments,
        Err(error) => return cli::report(&error),
    };
    let log = match cli::log::set_up(&arguments.logging) {
        Ok(log) => log,
        Err(error) => return cli::report(&error),
    };
    let result = match arguments.command {
        cli::Command::Run(run) => cli::run::run(run),
        cli::Command::Inspect(inspect) => cli::inspect::inspect(&inspect),
        cli::Command::Dev(dev) => cli::dev::dev(dev),
        cli::Command::New(new) => cli::new::new(&new),
        cli::Command::Build(build) => cli::build::build(&build),
        cli::Command::Test(test) => cli::test::test(&test),
        cli::Command::Swap(swap) => cli::remote::swap(&swap),
        cli::Command::Rollback(remote) => cli::remote::rollback(&remote),
        cli::Command::Status(remote) => cli::remote::status(&remote),
        cli::Command::Bench(bench) => cli::bench::bench(&bench),
        cli::Command::Completions { shell } => cli::manual::completions(shell),
        cli::Command::Man => cli::manual::man(),
    };
    // The error is the last line.
    log.flush();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::report(&error),
    }
}
