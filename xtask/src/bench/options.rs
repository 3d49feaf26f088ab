//! The command line of `cargo xtask bench`.

use super::workloads::{WORKLOADS, Workload};

/// The help text, also printed for arguments that are not understood.
pub(super) const USAGE: &str = "\
Usage: cargo xtask bench [OPTIONS]

Runs this host and its peers in turns under the same load, and prints the cost of each. bench/README.md explains the figures.

Options:
  --list                 name the workloads and the peers
  --only NAME,...        these workloads, by their names or by a prefix of several names
  --peers NAME,...       these peers
  --rounds N             how often each is measured; the results are medians (default 3)
  --seconds N            how long each measurement lasts (default 3)
  --languages            measure what a guest costs in each language instead, and print the table
  --fetch                measure what an HTTP request of a guest costs instead, beside Node and Bun, and print the table
  --cluster              measure several nodes instead, beside Socket.IO with Redis, and write bench/CLUSTER.md; --only selects by parts of names
  --clients N            with --cluster: the clients of a crowd, or the rooms (default 10000)
  --resume               count what is lost when connections break instead, beside Socket.IO, and print the table
  --add                  keep the figures of earlier runs
  --no-counts            leave out the counts of system calls and instructions
  --render               make bench/RESULTS.md and its plots from the measured figures

The host is built in the profile `dist`, as it is handed out, unless the variable BENCH_PROFILE names another.
DIST_BINARY names a binary that is built already.";

/// The parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) help: bool,
    pub(super) list: bool,
    pub(super) render: bool,
    pub(super) languages: bool,
    pub(super) fetch: bool,
    pub(super) cluster: bool,
    pub(super) resume: bool,
    pub(super) add: bool,
    pub(super) counts: bool,
    pub(super) only: Vec<String>,
    pub(super) peers: Vec<String>,
    pub(super) rounds: u32,
    pub(super) seconds: u32,
    pub(super) clients: usize,
}

impl Options {
    /// Parses the arguments after `bench`.
    pub(super) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let (only, peers) = (Vec::new(), Vec::new());
        let mut options = Self {
            help: false,
            list: false,
            render: false,
            languages: false,
            fetch: false,
            cluster: false,
            resume: false,
            add: false,
            counts: true,
            only,
            peers,
            rounds: 3,
            seconds: 3,
            clients: 10_000,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "-h" | "--help" => options.help = true,
                "--list" => options.list = true,
                "--render" => options.render = true,
                "--languages" => options.languages = true,
                "--fetch" => options.fetch = true,
                "--cluster" => options.cluster = true,
                "--clients" => options.clients = number(&value()?)? as usize,
                "--resume" => options.resume = true,
                "--add" => options.add = true,
                "--no-counts" => options.counts = false,
                "--only" => options.only = names(&value()?),
                "--peers" => options.peers = names(&value()?),
                "--rounds" => options.rounds = number(&value()?)?,
                "--seconds" => options.seconds = number(&value()?)?,
                other => return Err(format!("there is no option `{other}`")),
            }
        }
        Ok(options)
    }

    /// Whether a workload is requested: by its name, or by a prefix that is not itself the name of a workload.
    pub(super) fn wants(&self, workload: &Workload) -> bool {
        let is_whole = |name: &str| WORKLOADS.iter().any(|workload| workload.name == name);
        let is_meant = |name: &String| workload.name == name || !is_whole(name) && workload.name.starts_with(name.as_str());
        self.only.is_empty() || self.only.iter().any(is_meant)
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("`{text}` is no number above 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn workloads_and_peers_are_chosen_by_name() {
        let options = parse("--only echo-20,idle --peers ws-host,bun --rounds 5 --seconds 2").expect("the line is good");
        assert_eq!((options.only, options.peers), (names("echo-20,idle"), names("ws-host,bun")));
        assert_eq!((options.rounds, options.seconds, options.add), (5, 2, false));
    }

    #[test]
    fn a_name_selects_one_workload_and_a_prefix_several() {
        let wanted = |only: &str| {
            let options = parse(&format!("--only {only}")).expect("the line is good");
            WORKLOADS.iter().filter(|workload| options.wants(workload)).map(|workload| workload.name).collect::<Vec<_>>()
        };
        assert_eq!(wanted("echo-20-100"), ["echo-20-100"]);
        assert_eq!(wanted("echo-1k,idle"), ["echo-1k-100", "echo-1k-10000", "idle-10000"]);
    }

    #[test]
    fn an_error_names_the_unknown_argument() {
        assert_eq!(parse("--rounds 0").err().as_deref(), Some("`0` is no number above 0"));
        assert_eq!(parse("--only").err().as_deref(), Some("--only needs a value"));
        assert_eq!(parse("--fast").err().as_deref(), Some("there is no option `--fast`"));
    }
}
