//! The settings of a dialogue: those of the command line, changed by its first lines.

use std::time::Duration;

use clap::{Args, Command, FromArgMatches};

use crate::app_flags::AppFlags;
use crate::units;

/// The settings of a dialogue.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// The longest wait for a message
    #[arg(long, default_value = "10s", value_parser = units::duration, value_name = "TIME")]
    pub timeout: Duration,
    /// The options that `test` shares with `run`.
    #[command(flatten)]
    pub app: AppFlags,
}

impl Settings {
    /// The settings that a dialogue has with its own options, one a line at its beginning: `--instances per-room`. Its variables
    /// come behind those that are given already.
    ///
    /// # Errors
    /// An option is unknown, or has a wrong value.
    pub(super) fn with_lines_of(&self, text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let words: Vec<_> = lines.take_while(|line| is_option(line)).flat_map(words).collect();
        let command = Command::new("dialogue").no_binary_name(true).disable_help_flag(true).disable_version_flag(true);
        // A default would overwrite what the command line says.
        let command = Self::augment_args_for_update(command).mut_args(|arg| arg.default_value(None::<&str>));
        let given = command.try_get_matches_from(words).map_err(|error| in_one_line(&error))?;
        let mut settings = self.clone();
        let mut env = std::mem::take(&mut settings.app.env);
        settings.update_from_arg_matches(&given).map_err(|error| in_one_line(&error))?;
        env.append(&mut settings.app.env);
        settings.app.env = env;
        Ok(settings)
    }
}

/// Whether a line gives an option for its file.
pub(super) fn is_option(line: &str) -> bool {
    line.starts_with("--")
}

/// An option and its value, which is the rest of the line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let (option, value) = line.split_once(' ').map_or((line, None), |(option, value)| (option, Some(value.trim())));
    std::iter::once(option).chain(value)
}

/// The first line of clap's error, which is the only one without advice for a command line.
fn in_one_line(error: &clap::Error) -> anyhow::Error {
    let error = error.to_string();
    let first = error.lines().next().unwrap_or_default();
    anyhow::anyhow!("{}", first.strip_prefix("error: ").unwrap_or(first).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Whole {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(arguments: &[&str]) -> Settings {
        Whole::parse_from([&["test"], arguments].concat()).settings
    }

    #[test]
    fn a_dialogue_changes_what_it_names_and_leaves_the_rest() {
        let given = settings(&["--timeout", "3s", "--env", "A=1", "--shards", "2"]);
        let text = "# A note\n\n--env B=two words\n--room-path /chat/{room}\nann joins\n--timeout 9s\n";
        let changed = given.with_lines_of(text).expect("the options are right");
        assert_eq!(changed.app.env, ["A=1", "B=two words"]);
        assert_eq!((changed.timeout, changed.app.shards), (Duration::from_secs(3), 2));
        assert_eq!(changed.app.room_path.as_deref(), Some("/chat/{room}"));
        let changed = given.with_lines_of("--timeout 200ms").expect("the option is right");
        assert_eq!(changed.timeout, Duration::from_millis(200));
    }

    #[test]
    fn an_option_that_is_unknown_or_wrong_is_named() {
        for (text, told) in [("--colour red", "--colour"), ("--timeout soon", "'soon'"), ("--instances", "--instances")] {
            let error = settings(&[]).with_lines_of(text).expect_err("it is wrong").to_string();
            assert!(error.contains(told) && !error.contains('\n'), "{error}");
        }
    }
}
