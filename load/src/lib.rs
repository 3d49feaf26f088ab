//! The load generator behind `ws-host bench`: puts a WebSocket server under load and measures it.
//!
//! One thread and one poller serve all connections. A message costs one read and one write here, since the tool must be cheaper than
//! the server that it loads: a frame is masked once, and only the headers of received frames are read. With TLS both encrypt and
//! decrypt.

mod client;
mod connect;
mod drive;
mod echo;
mod fan_out;
mod hold;
mod message;
mod options;
mod pace;
mod pool;
mod process;
mod progress;
mod report;
mod scanner;
mod tally;
mod target;
mod tls;
mod transport;
mod unchecked;

pub use options::{Mode, Options};
pub use report::Report;

use anyhow::{Context, bail};
use rustix::process::{Resource, getrlimit, setrlimit};

use connect::Connect;
use drive::{Drive, Driver};
use echo::Echo;
use fan_out::FanOut;
use hold::Hold;
use message::Prepared;
use pool::Pool;
use target::Target;

/// Descriptors other than connections: the poller, the standard streams, files of /proc.
const OTHER_DESCRIPTORS: usize = 32;

/// Loads the server, and returns the measured figures.
///
/// # Errors
/// The server does not answer, or answers wrongly, or this machine lacks resources for the run, such as file descriptors. The
/// text of an error names an option by its field of [`Options`], in backquotes.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    allow_descriptors(options.connections + OTHER_DESCRIPTORS)?;
    let target = Target::find(options)?;
    let batch = if options.mode == Mode::Echo { options.in_flight } else { 1 };
    let message = Prepared::new(options.size, options.binary, options.compression, batch);
    let pool = Pool::new(target, message, options).context("the load generator could not start")?;
    match options.mode {
        Mode::Echo => load(pool, Echo::new(options), options),
        Mode::FanOut => load(pool, FanOut::new(options), options),
        Mode::Connect => load(pool, Connect::new(options), options),
        Mode::Idle => load(pool, Hold::default(), options),
    }
}

fn load<D: Driver>(pool: Pool, driver: D, options: &Options) -> anyhow::Result<Report> {
    Drive::new(pool, driver, options)?.run()
}

/// Raises the limit of descriptors to the needed number, as far as the system allows.
fn allow_descriptors(needed: usize) -> anyhow::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = needed as u64;
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if let Some(maximum) = limit.maximum.filter(|maximum| *maximum < needed) {
        bail!(
            "the connections need {needed} file descriptors, and {maximum} is the limit: ask for fewer `connections`, or raise it with `ulimit -n`"
        );
    }
    limit.current = Some(needed);
    setrlimit(Resource::Nofile, limit).context("the limit of file descriptors could not be raised: ask for fewer `connections`")
}
