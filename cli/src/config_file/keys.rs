//! The settings that a file gives a command, by key.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// A settings file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its path.
    pub file: PathBuf,
    /// The settings that count: neither the command line overrides them, nor does the command lack them.
    pub keys: Keys,
}

/// Settings by key.
#[derive(Debug, Clone, Default)]
pub struct Keys(BTreeMap<String, Key>);

#[derive(Debug, Clone)]
struct Key {
    /// Its line in the file, counted from 1.
    line: usize,
    /// The arguments that it stands for.
    words: Vec<OsString>,
}

impl Keys {
    /// Adds a setting.
    pub fn add(&mut self, key: String, line: usize, words: Vec<OsString>) {
        self.0.insert(key, Key { line, words });
    }

    /// The arguments that all settings but one stand for, in the order of the file.
    pub fn words(&self, left_out: Option<&str>) -> Vec<OsString> {
        let mut keys: Vec<_> = self.0.iter().filter(|(key, _)| Some(key.as_str()) != left_out).map(|(_, key)| key).collect();
        keys.sort_by_key(|key| key.line);
        keys.into_iter().flat_map(|key| key.words.iter().cloned()).collect()
    }

    /// The keys with their lines.
    pub fn lines(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().map(|(name, key)| (name.as_str(), key.line))
    }

    /// The keys whose settings differ from others, in their alphabetical order.
    pub fn differing(&self, others: &Self) -> Vec<String> {
        let words = |keys: &Self, key: &str| keys.0.get(key).map(|key| key.words.clone());
        let mut all: Vec<_> = self.0.keys().chain(others.0.keys()).cloned().collect();
        all.sort_unstable();
        all.dedup();
        all.retain(|key| words(self, key) != words(others, key));
        all
    }

    /// Has the setting of this key from others.
    pub fn take(&mut self, key: &str, others: &Self) {
        match others.0.get(key) {
            Some(other) => drop(self.0.insert(key.to_owned(), other.clone())),
            None => drop(self.0.remove(key)),
        }
    }

    /// The key that an error is about, with its line: one that the error names as a flag or by its value, first among `suspects`, or the only suspect.
    fn blamed(&self, error: &str, suspects: &[String]) -> Option<(&str, usize)> {
        let is_suspect = |name: &String| suspects.contains(name);
        let (suspect, other): (Vec<_>, Vec<_>) = self.0.iter().partition(|(name, _)| is_suspect(name));
        let only = if let [only] = &suspect[..] { Some(only) } else { None };
        let named = |keys: &[(&String, &Key)]| keys.iter().position(|(name, key)| key.is_named(name, error));
        let blamed = named(&suspect).map(|at| &suspect[at]).or(only).or_else(|| named(&other).map(|at| &other[at]))?;
        Some((blamed.0.as_str(), blamed.1.line))
    }
}

impl Key {
    fn is_named(&self, key: &str, error: &str) -> bool {
        let (flag, name) = (format!("--{key}"), |c: char| c.is_ascii_alphanumeric() || c == '-');
        let is_flag = error.match_indices(&flag).any(|(at, _)| !error[at + flag.len()..].starts_with(name));
        let values = self.words.iter().filter_map(|word| word.to_str()?.split_once('=')).map(|(_, value)| value);
        is_flag || values.filter(|value| value.len() > 2).any(|value| error.contains(value))
    }
}

impl Settings {
    /// The error for settings that are refused, of which these are new: `ws-host.toml:5: allow-origin: ...`.
    pub fn refused(&self, error: &str, suspects: &[String]) -> String {
        let file = self.file.display();
        match self.keys.blamed(error, suspects) {
            Some((key, line)) => format!("{file}:{line}: {key}: {error}"),
            None => format!("{file}: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(settings: &[(&str, usize, &str)]) -> Keys {
        let mut keys = Keys::default();
        for (key, line, value) in settings {
            keys.add((*key).to_owned(), *line, vec![format!("--{key}={value}").into()]);
        }
        keys
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn keys_that_are_new_gone_or_different_differ_and_their_lines_do_not_count() {
        let old = keys(&[("port", 1, "80"), ("ping", 2, "1s"), ("drain", 3, "2s")]);
        let new = keys(&[("drain", 1, "2s"), ("port", 2, "81"), ("rate", 3, "1/s")]);
        assert_eq!(new.differing(&old), names(&["ping", "port", "rate"]));
        let mut running = old;
        for key in ["ping", "port", "rate"] {
            running.take(key, &new);
        }
        assert!(running.differing(&new).is_empty());
        assert_eq!(new.words(None), ["--drain=2s", "--port=81", "--rate=1/s"]);
        assert_eq!(new.words(Some("port")), ["--drain=2s", "--rate=1/s"]);
    }

    #[test]
    fn an_error_is_placed_at_the_key_that_it_names_or_whose_value_it_quotes() {
        let all =
            keys(&[("allow-http", 1, "a.example"), ("allow-http-private", 2, "10.0.0.0/33"), ("allow-origin", 4, "nonsense/")]);
        let settings = Settings { file: "ws-host.toml".into(), keys: all };
        let suspects = names(&["allow-http", "allow-http-private", "allow-origin"]);
        let refused = |error: &str| settings.refused(error, &suspects);
        assert_eq!(refused("wrong (--allow-http-private)"), "ws-host.toml:2: allow-http-private: wrong (--allow-http-private)");
        assert_eq!(refused("\"nonsense/\" is no origin"), "ws-host.toml:4: allow-origin: \"nonsense/\" is no origin");
        assert_eq!(refused("no luck"), "ws-host.toml: no luck");
        assert_eq!(settings.refused("no luck", &suspects[..1]), "ws-host.toml:1: allow-http: no luck");
        assert_eq!(settings.refused("wrong (--allow-http)", &[]), "ws-host.toml:1: allow-http: wrong (--allow-http)");
    }
}
