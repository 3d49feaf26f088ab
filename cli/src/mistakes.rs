//! Tips for mistakes on the command line that clap cannot explain by itself.

use std::ffi::OsString;
use std::path::Path;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Words for `run` in other servers' commands.
const LIKE_RUN: [&str; 4] = ["serve", "start", "listen", "server"];

/// Adds a tip to clap's error about this command line, if there is one.
pub fn explained(mut error: clap::Error, line: &[OsString]) -> clap::Error {
    if let Some(tip) = tip(&error, line) {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

fn tip(error: &clap::Error, line: &[OsString]) -> Option<String> {
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = named(ContextKind::InvalidSubcommand)?;
            if LIKE_RUN.contains(&word.as_str()) {
                return Some("to serve a component: ws-host run FILE".to_owned());
            }
            let path = Path::new(&word);
            if path.is_dir() {
                return Some(format!("to build and serve a project: ws-host dev {word}"));
            }
            let is_file = path.is_file() || path.extension().is_some_and(|extension| extension == "wasm");
            is_file.then(|| format!("to serve this component: ws-host run {word}"))
        }
        ErrorKind::UnknownArgument if named(ContextKind::InvalidArg)? == "--tls" && line.iter().any(|word| word == "run") => {
            Some(
                "`ws-host dev --tls` makes a certificate for this machine; `run` takes --tls-cert FILE and --tls-key FILE"
                    .to_owned(),
            )
        }
        ErrorKind::MissingRequiredArgument if named(ContextKind::InvalidArg)?.starts_with("--lang") => {
            Some("the languages are rust, python, js, ts and c".to_owned())
        }
        _ => None,
    }
}
