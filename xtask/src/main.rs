//! The project's chores, started with `cargo xtask`.

mod bench;
mod command;
mod disk;
mod dist;
mod echo;
mod leftovers;
mod options;
mod places;
mod runner;
mod step;
mod steps;
mod summary;
mod tidy;
mod toolbox;

use std::process::ExitCode;

use options::{Options, Task};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).peekable();
    if args.peek().is_some_and(|task| task == "bench") {
        return bench::main(args.skip(1));
    }
    if args.peek().is_some_and(|task| task == "dist") {
        return dist::main(args.skip(1));
    }
    let options = match Options::parse(args, std::env::var_os("CI").is_some_and(|ci| ci == "true")) {
        Ok(options) => options,
        Err(problem) => {
            println!("{problem}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match options.task {
        Task::Help => println!("{}", options::USAGE),
        Task::List => print!("{}", summary::list(steps::ALL)),
        Task::Test => return test(options),
    }
    ExitCode::SUCCESS
}

fn test(options: Options) -> ExitCode {
    let selected = match runner::select(steps::ALL, &options.steps) {
        Ok(selected) => selected,
        Err(problem) => {
            println!("{problem}");
            return ExitCode::from(2);
        }
    };
    let strict = options.ci;
    let reports = runner::run(&selected, &step::Context::new(options));
    print!("{}", summary::table(&reports, strict));
    ExitCode::from(u8::from(!summary::is_good(&reports, strict)))
}
