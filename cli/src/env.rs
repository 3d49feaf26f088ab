//! `--env`: the environment variables of the guest.

use anyhow::{Context, bail};

/// Parses arguments of the form `NAME=VALUE`, or `NAME` for the value in the host's own environment. Returns names and values.
///
/// # Errors
/// A name is empty, or the host has no such variable. Errors never show a value, as it may be a secret.
pub fn variables(arguments: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    arguments.iter().map(|argument| variable(argument, |name| std::env::var(name))).collect()
}

fn variable(argument: &str, own: impl Fn(&str) -> Result<String, std::env::VarError>) -> anyhow::Result<(String, String)> {
    let (name, value) = argument.split_once('=').map_or((argument, None), |(name, value)| (name, Some(value)));
    if name.is_empty() {
        bail!("--env lacks the variable's name. Write --env NAME=VALUE, or --env NAME to pass on the host's own value");
    }
    if name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        bail!("--env {name:?} is no variable's name: it has a space or a control character. Write --env NAME=VALUE");
    }
    let value = match value {
        Some(value) => value.to_owned(),
        None => {
            own(name).with_context(|| format!("--env {name} cannot be passed on. Set {name}, or write --env {name}=VALUE"))?
        }
    };
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env::VarError;

    #[test]
    fn a_variable_is_given_or_passed_on() {
        let own = |name: &str| if name == "HOME" { Ok("/somewhere".to_owned()) } else { Err(VarError::NotPresent) };
        let given = |argument| variable(argument, own).ok();
        let is = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(given("A=1"), is("A", "1"));
        assert_eq!(given("A=1=2 3"), is("A", "1=2 3"));
        assert_eq!(given("HOME="), is("HOME", ""));
        assert_eq!(given("HOME"), is("HOME", "/somewhere"));
        assert_eq!((given("MISSING"), given("=1"), given("")), (None, None, None));
        assert_eq!((given("A B=1"), given("A\n=1")), (None, None));
    }
}
