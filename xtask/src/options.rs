//! The command line.

/// The help text, also printed for arguments that are not understood.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask test [OPTIONS] [STEP...]
       cargo xtask bench [OPTIONS]           (its own --help tells more)
       cargo xtask dist [OPTIONS]            (the same)

Runs every check of the project, or the named steps and what they need. Tools that are missing are installed
in user space (under target/, or a target of rustup); Debian packages only as root. A step whose tools cannot
be installed is skipped, with the reason.

Options:
  --list                 name the steps
  --ci                   count a skipped step as a failure, tell the space on the disk, and remove what a passed step
                         has built once no later step uses it (also when CI=true is in the environment)
  --autobahn SET         quick (247 cases, seconds), medium (the default: 337, a minute) or full (517, 15 minutes)";

/// The parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The requested task.
    pub(crate) task: Task,
    /// Whether a skipped step counts as a failure.
    pub(crate) ci: bool,
    /// Which of Autobahn's cases run.
    pub(crate) autobahn: CaseSet,
    /// The requested steps; an empty list means all.
    pub(crate) steps: Vec<String>,
}

/// The task that the arguments ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Run steps.
    Test,
    /// Name the steps.
    List,
    /// Explain the command line.
    Help,
}

/// A selection of Autobahn's cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaseSet {
    /// All but the slow sections 9, 12 and 13.
    Quick,
    /// Some sizes of each slow series too.
    Medium,
    /// Everything.
    Full,
}

impl CaseSet {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Medium => "medium",
            Self::Full => "full",
        }
    }

    fn parse(name: &str) -> Result<Self, String> {
        let all = [Self::Quick, Self::Medium, Self::Full];
        let found = all.into_iter().find(|set| set.name() == name);
        found.ok_or_else(|| format!("--autobahn takes quick, medium or full, not `{name}`"))
    }
}

impl Options {
    /// Parses the arguments after the program's name. `ci` is whether the environment has CI=true.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>, ci: bool) -> Result<Self, String> {
        let mut options = Self { task: Task::Test, ci, autobahn: CaseSet::Medium, steps: Vec::new() };
        match args.next().as_deref() {
            Some("test") => {}
            None | Some("help" | "-h" | "--help") => options.task = Task::Help,
            Some(other) => return Err(format!("there is no task `{other}`")),
        }
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--ci" => options.ci = true,
                "--list" => options.task = Task::List,
                "-h" | "--help" => options.task = Task::Help,
                "--autobahn" => options.autobahn = CaseSet::parse(&args.next().unwrap_or_default())?,
                flag if flag.starts_with('-') => return Err(format!("there is no option `{flag}`")),
                step => options.steps.push(step.to_owned()),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned), false)
    }

    #[test]
    fn test_alone_runs_every_step_and_allows_skips() {
        let options = Options { task: Task::Test, ci: false, autobahn: CaseSet::Medium, steps: vec![] };
        assert_eq!(parse("test"), Ok(options));
    }

    #[test]
    fn steps_and_options_come_in_any_order() {
        let steps = vec!["fmt".to_owned(), "tidy".to_owned()];
        let options = Options { task: Task::Test, ci: true, autobahn: CaseSet::Full, steps };
        assert_eq!(parse("test fmt --autobahn full tidy --ci"), Ok(options));
    }

    #[test]
    fn an_error_names_the_unknown_argument() {
        assert_eq!(parse("tset"), Err("there is no task `tset`".to_owned()));
        assert_eq!(parse("test --fast"), Err("there is no option `--fast`".to_owned()));
        assert_eq!(parse("test --autobahn"), Err("--autobahn takes quick, medium or full, not ``".to_owned()));
    }
}
