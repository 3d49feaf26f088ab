//! The syntax of `ws-host.toml`: keys, values and the lines on which they stand.

mod keys;

use std::fmt;
use std::ops::Range;

use toml::de::{DeInteger, DeTable, DeValue};

pub use keys::{Keys, Settings};

/// A key with its value.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// Its line, counted from 1.
    pub line: usize,
    /// Its value.
    pub value: Value,
}

/// A value that a flag can have.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Switch(bool),
    /// A string or a whole number.
    Word(String),
    /// Several strings or whole numbers.
    List(Vec<String>),
}

/// A mistake in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: usize,
    /// The description, in one line.
    pub text: String,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(on) => write!(f, "{on}"),
            Self::Word(word) => write!(f, "{word:?}"),
            Self::List(words) => write!(f, "{words:?}"),
        }
    }
}

/// Parses the settings, in the order of their lines.
///
/// # Errors
/// The first [`Mistake`].
pub fn read(text: &str) -> Result<Vec<Setting>, Mistake> {
    let line =
        |span: Range<usize>| 1 + text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count();
    let table = DeTable::parse(text).map_err(|error| Mistake {
        line: error.span().map_or(1, line),
        text: error.message().lines().collect::<Vec<_>>().join(", "),
    })?;
    let mut settings = Vec::new();
    for (key, found) in table.get_ref() {
        let (key, line) = (key.get_ref().to_string(), line(key.span()));
        let value = value(found.get_ref()).map_err(|text| Mistake { line, text: format!("{key} is {text}") })?;
        settings.push(Setting { key, line, value });
    }
    settings.sort_by_key(|setting| setting.line);
    Ok(settings)
}

fn value(found: &DeValue<'_>) -> Result<Value, &'static str> {
    match found {
        DeValue::Boolean(on) => Ok(Value::Switch(*on)),
        DeValue::Array(items) => items.iter().map(|item| word(item.get_ref())).collect::<Result<_, _>>().map(Value::List),
        other => word(other).map(Value::Word),
    }
}

fn word(found: &DeValue<'_>) -> Result<String, &'static str> {
    match found {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => whole(number).ok_or("too large a number"),
        DeValue::Float(_) => {
            Err("a number with a fraction; write whole numbers, and times and sizes as in \"250ms\" or \"64MiB\"")
        }
        DeValue::Datetime(_) => Err("a date; times are written as in \"10s\""),
        DeValue::Table(_) => Err("a table; all keys stand at the top level, as in port = 80"),
        DeValue::Boolean(_) => Err("a list with true or false in it; lists hold strings"),
        DeValue::Array(_) => Err("a list of lists; lists hold strings"),
    }
}

fn whole(number: &DeInteger<'_>) -> Option<String> {
    i128::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, line: usize, value: Value) -> Setting {
        Setting { key: key.into(), line, value }
    }

    #[test]
    fn strings_numbers_switches_and_lists_are_read_with_their_lines() {
        let text = "# a comment\nwatch = true\n\nport = 8_080\ncall-timeout = \"1s\"\nallow-origin = [\n  \"null\",\n  \"*\",\n]\nping = 0x10\n";
        let expected = [
            setting("watch", 2, Value::Switch(true)),
            setting("port", 4, Value::Word("8080".into())),
            setting("call-timeout", 5, Value::Word("1s".into())),
            setting("allow-origin", 6, Value::List(vec!["null".into(), "*".into()])),
            setting("ping", 10, Value::Word("16".into())),
        ];
        assert_eq!(read(text).as_deref(), Ok(&expected[..]));
        assert_eq!(read(""), Ok(Vec::new()));
    }

    #[test]
    fn a_value_that_no_flag_can_have_is_a_mistake_on_its_line() {
        let mistakes = [
            ("\nport = 1.5", 2, "port is a number with a fraction"),
            ("port = 80\n[limits]\nping = \"1s\"", 2, "limits is a table; all keys stand at the top level"),
            ("a.b = 1", 1, "a is a table"),
            ("ping = 2026-11-24", 1, "ping is a date"),
            ("x = [[1]]", 1, "a list of lists"),
            ("x = [true]", 1, "lists hold strings"),
            ("port = 80\nport = 81", 2, "duplicate key"),
            ("port = 80\nhost = 127.0.0.1", 2, ""),
            ("port", 1, ""),
            ("port = \"80", 1, ""),
        ];
        for (text, line, expected) in mistakes {
            let mistake = read(text).expect_err(text);
            assert_eq!(mistake.line, line, "{text}: {mistake:?}");
            assert!(mistake.text.contains(expected) && !mistake.text.contains('\n'), "{text}: {mistake:?}");
        }
    }
}
