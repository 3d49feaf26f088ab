//! The course of a run: connect, warm up, measure, wait for the last answers.

use std::time::Duration;

use anyhow::bail;

use super::options::{Mode, Options};
use super::pace::Pace;
use super::pool::{Happenings, Pool};
use super::process::{self, Spent};
use super::progress::Progress;
use super::report::{Growth, Measured, Report};
use super::tally::Tally;

/// The silence after which the greetings are taken to be over. A server may add a client to its room some time after the 101.
const QUIET: Duration = Duration::from_millis(200);
/// The longest wait for greetings, and for answers after the end.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time between two updates of the progress.
const SHOWN: Duration = Duration::from_millis(250);

/// The behaviour of a mode.
pub trait Driver: Happenings {
    /// Whether connections are opened before the load begins.
    const CONNECTS_FIRST: bool = true;
    /// Begins the load. With a rate, it waits until the first message is due.
    fn begin(&mut self, pool: &mut Pool);
    /// Does everything that is due at this time.
    fn due(&mut self, pool: &mut Pool, intended: Duration);
    /// Starts nothing new from now on.
    fn stop(&mut self);
    /// Whether answers are still expected.
    fn waits(&self) -> bool;
    /// Its counts.
    fn tally(&mut self) -> &mut Tally;
}

/// A run.
#[derive(Debug)]
pub struct Drive<'a, D> {
    pool: Pool,
    driver: D,
    options: &'a Options,
    progress: Progress,
    pace: Option<Pace>,
    before: Option<Spent>,
    /// The server's memory at this number of connections: the base of the memory per connection.
    base: Option<(u64, usize)>,
}

impl<'a, D: Driver> Drive<'a, D> {
    /// A run that has not begun.
    pub fn new(pool: Pool, driver: D, options: &'a Options) -> anyhow::Result<Self> {
        let before = match options.pid {
            Some(pid) => match process::spent(pid) {
                Some(spent) => Some(spent),
                None => {
                    bail!(
                        "the CPU time of process {pid} cannot be read under /proc: name a server on this Linux machine with `pid`"
                    )
                }
            },
            None => None,
        };
        Ok(Self { pool, driver, options, progress: Progress::new(!options.quiet), pace: None, before, base: None })
    }

    /// Runs from the first connection to the last answer.
    pub fn run(mut self) -> anyhow::Result<Report> {
        if D::CONNECTS_FIRST {
            let all = self.pool.len();
            let first = if self.options.mode == Mode::Idle && self.before.is_some() { all / 10 } else { 0 };
            if first > 0 {
                // A server's first connections also cost memory that it needs only once.
                self.connect(0, first)?;
                self.load(self.options.warm_up, "settling")?;
                self.base = self.spent().map(|spent| (spent.memory, self.pool.open()));
            }
            self.connect(first, all)?;
            self.wait_for_quiet()?;
        }
        let connected = self.pool.open();
        let opened = self.spent();
        self.driver.begin(&mut self.pool);
        self.pace = self.options.rate.map(|rate| Pace::new(rate, self.pool.now()));
        if self.base.is_none() {
            self.load(self.options.warm_up, "warming up")?;
        }
        let measured = self.measure()?;
        self.driver.stop();
        self.pace = None;
        self.drain()?;
        self.progress.clear();
        for client in 0..self.pool.len() {
            self.pool.close(client);
        }
        let growth = self.before.zip(opened).map(|(before, opened)| Growth {
            before: before.memory,
            opened: opened.memory,
            base: self.base.unwrap_or((before.memory, 0)),
        });
        Ok(Report::new(self.options, &self.pool, self.driver.tally(), &measured, connected, growth))
    }

    /// Opens the connections with these numbers.
    fn connect(&mut self, first: usize, end: usize) -> anyhow::Result<()> {
        let (begun, all) = (self.pool.now(), self.pool.len());
        let mut next = first;
        while next < end || self.pool.upgrading() > 0 {
            let when = begun + self.options.ramp.mul_f64((next - first) as f64 / all as f64);
            while next < end && self.pool.takes_more() && when <= self.pool.now() {
                self.pool.connect(next)?;
                next += 1;
                if !self.options.ramp.is_zero() {
                    break;
                }
            }
            let until = self.pool.now() + SHOWN;
            self.pool.turn(Some(if next < end && self.pool.takes_more() { when.min(until) } else { until }), &mut self.driver)?;
            if self.pool.open() == 0 && self.pool.failed > 0 {
                bail!("cannot connect to {}: {}", self.options.url, self.first_reason());
            }
            self.progress.show(|| format!("{} of {all} connections", self.pool.open()));
        }
        Ok(())
    }

    /// Waits until the server's greetings are over.
    fn wait_for_quiet(&mut self) -> anyhow::Result<()> {
        let deadline = self.pool.now() + PATIENCE;
        let mut heard = self.driver.tally().stray;
        let mut quiet_at = self.pool.now() + QUIET;
        while self.pool.now() < quiet_at.min(deadline) {
            self.pool.turn(Some(quiet_at), &mut self.driver)?;
            if self.driver.tally().stray > heard {
                heard = self.driver.tally().stray;
                quiet_at = self.pool.now() + QUIET;
            }
        }
        Ok(())
    }

    /// Runs the load for a time.
    fn load(&mut self, time: Duration, phase: &str) -> anyhow::Result<()> {
        let (begun, mut counted) = (self.pool.now(), self.driver.tally().received);
        let until = begun + time;
        let mut shown = begun;
        while self.pool.now() < until {
            while let Some(intended) = self.pace.as_mut().and_then(|pace| pace.due(self.pool.now())) {
                self.driver.due(&mut self.pool, intended);
            }
            let next = self.pace.as_ref().map_or(until, |pace| pace.next().min(until));
            self.pool.turn(Some(next.min(shown + SHOWN)), &mut self.driver)?;
            self.has_a_server()?;
            let now = self.pool.now();
            if now >= shown + SHOWN {
                let received = self.driver.tally().received;
                let rate = (received - counted) as f64 / (now - shown).as_secs_f64();
                self.progress.show(|| {
                    format!("{phase}, {:.0} s of {:.0} s: {rate:.0} a second", (now - begun).as_secs_f64(), time.as_secs_f64())
                });
                (shown, counted) = (now, received);
            }
        }
        Ok(())
    }

    fn measure(&mut self) -> anyhow::Result<Measured> {
        let (begun, own, server) = (self.pool.now(), process::own_cpu(), self.spent());
        self.driver.tally().measure(true);
        self.load(self.options.duration, "measuring")?;
        self.driver.tally().measure(false);
        let time = self.pool.now() - begun;
        let own_cpu = process::own_cpu().saturating_sub(own);
        let after = self.spent();
        let server_cpu = server.zip(after).map(|(before, after)| after.cpu.saturating_sub(before.cpu));
        Ok(Measured { time, own_cpu, server_cpu, server_memory: after.map(|spent| spent.memory) })
    }

    /// Waits for the last answers.
    fn drain(&mut self) -> anyhow::Result<()> {
        let deadline = self.pool.now() + PATIENCE;
        while self.driver.waits() && self.pool.now() < deadline {
            self.pool.turn(Some(self.pool.now() + SHOWN), &mut self.driver)?;
        }
        Ok(())
    }

    /// Fails if no connection is left.
    fn has_a_server(&mut self) -> anyhow::Result<()> {
        if D::CONNECTS_FIRST && self.pool.open() == 0 {
            bail!("all connections to {} ended: {}", self.options.url, self.first_reason());
        }
        if !D::CONNECTS_FIRST && self.pool.failed > 0 && self.driver.tally().received == 0 {
            bail!("cannot connect to {}: {}", self.options.url, self.first_reason());
        }
        Ok(())
    }

    fn first_reason(&self) -> &str {
        self.pool.reasons.keys().next().map_or("no reason is known", String::as_str)
    }

    fn spent(&self) -> Option<Spent> {
        self.options.pid.and_then(process::spent)
    }
}
