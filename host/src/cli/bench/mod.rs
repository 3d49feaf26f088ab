//! `ws-host bench`: puts a server under load and measures it.
//!
//! One thread and one poller for all connections. What a message costs here is one read and one write, since the tool has to be cheaper
//! than the server that it loads: a frame is masked once, and of what comes back only the headers are looked at. With TLS each of the two has
//! encryption to it.

mod arguments;
mod client;
mod connect;
mod drive;
mod echo;
mod fan_out;
mod hold;
mod message;
mod pace;
mod pool;
mod process;
mod progress;
mod report;
mod scanner;
mod stream;
mod tally;
mod target;
mod tls;
mod unchecked;

pub use arguments::BenchArguments;

use std::io::{self, Write};

use anyhow::{Context, bail};
use rustix::process::{Resource, getrlimit, setrlimit};

use arguments::Mode;
use connect::Connect;
use drive::{Drive, Driver};
use echo::Echo;
use fan_out::FanOut;
use hold::Hold;
use message::Prepared;
use pool::Pool;
use report::Report;
use target::Target;

/// Descriptors that are no connections: the poller, the standard streams, files of /proc.
const OTHER_DESCRIPTORS: usize = 32;

/// Loads the server, and tells what was measured.
pub fn bench(arguments: &BenchArguments) -> anyhow::Result<()> {
    arguments.check()?;
    allow_descriptors(arguments.connections + OTHER_DESCRIPTORS)?;
    let target = Target::find(arguments)?;
    let batch = if arguments.mode == Mode::Echo { arguments.in_flight } else { 1 };
    let message = Prepared::new(arguments.size, arguments.binary, arguments.compression, batch);
    let pool = Pool::new(target, message, arguments).context("the load generator could not start")?;
    let report = match arguments.mode {
        Mode::Echo => load(pool, Echo::new(arguments), arguments),
        Mode::FanOut => load(pool, FanOut::new(arguments), arguments),
        Mode::Connect => load(pool, Connect::new(arguments), arguments),
        Mode::Idle => load(pool, Hold::default(), arguments),
    }?;
    let text = if arguments.json { serde_json::to_string(&report)? } else { report.in_words() };
    writeln!(io::stdout(), "{}", text.trim_end())?;
    Ok(())
}

fn load<D: Driver>(pool: Pool, driver: D, arguments: &BenchArguments) -> anyhow::Result<Report> {
    Drive::new(pool, driver, arguments)?.run()
}

/// Raises the limit of descriptors to what is needed, as far as the system lets a user.
fn allow_descriptors(needed: usize) -> anyhow::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = needed as u64;
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if let Some(maximum) = limit.maximum.filter(|maximum| *maximum < needed) {
        bail!(
            "so many connections need {needed} file descriptors, and {maximum} is the limit: ask for fewer with --connections, or raise it with `ulimit -n`"
        );
    }
    limit.current = Some(needed);
    setrlimit(Resource::Nofile, limit).context("the limit of file descriptors could not be raised: ask for fewer --connections")
}
