//! Adds the settings of `ws-host.toml` to the command line.
//!
//! Each setting becomes the arguments that it stands for, and clap parses them together with the command line. So the file has
//! a key for each flag, named as its long form, and the keys `file` and `dir`.

use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::builder::ValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

use ws_host::file;

use crate::arguments::{Arguments, Command as Asked};
use crate::config_file::{self, Keys, Setting, Settings, Value};
use crate::dev::DevArguments;
use crate::reload::Again;
use crate::run::RunArguments;
use crate::{ineffective, mistakes};

/// The file in the current directory that is read if it exists.
const DEFAULT_FILE: &str = "ws-host.toml";
/// The commands whose flags the file may set. Other commands take the keys that they share with these.
const OWNERS: [&str; 2] = ["run", "dev"];
/// The commands that run an app.
const RUNNERS: [&str; 3] = ["run", "dev", "test"];
/// The commands that read no settings: they neither run an app nor contact a server.
const WITHOUT_SETTINGS: [&str; 5] = ["inspect", "new", "build", "completions", "man"];
/// The flags that are no keys of the file.
const NO_KEYS: [&str; 4] = ["help", "version", "config", "no-config"];
/// The error of a server without a component.
const MISSING: &str = "the component is missing: name its file on the command line, or as `file` in ws-host.toml";
/// Stands before the path of a socket.
const UNIX: &str = "unix:";
/// One of these flags on the command line overrides both in the file.
const LOUDNESS: [&str; 2] = ["verbose", "quiet"];

/// Parses the command line and the settings. Ends the process after `--help`, `--version` and mistakes on the command line.
///
/// # Errors
/// The settings file cannot be read or has a mistake; the error names the line.
pub fn parse(line: &[OsString]) -> anyhow::Result<Arguments> {
    let matches = Arguments::command().try_get_matches_from(line);
    let matches = matches.unwrap_or_else(|error| mistakes::explained(error, line).exit());
    let arguments = with_settings(line, &matches)?;
    if lacks_component(&arguments) {
        let mut command = Arguments::command();
        command.build();
        let run = command.find_subcommand_mut("run").context("there is a command `run`")?;
        run.error(ErrorKind::MissingRequiredArgument, MISSING).exit()
    }
    Ok(arguments)
}

/// Parses the command line of this process again, with the settings as they are now.
///
/// # Errors
/// The settings file cannot be read or has a mistake; the error names the line. Or this process runs no server.
pub fn again() -> anyhow::Result<Again> {
    let line: Vec<_> = std::env::args_os().collect();
    let arguments = with_settings(&line, &Arguments::command().try_get_matches_from(&line)?)?;
    if lacks_component(&arguments) {
        bail!(MISSING);
    }
    let logging = arguments.logging;
    match arguments.command {
        // A file that is watched is followed where it is.
        Asked::Run(RunArguments { serving, file, watch, .. }) => {
            Ok(Again { serving, logging, self_signed: false, component: file.filter(|_| !watch) })
        }
        Asked::Dev(DevArguments { serving, tls, .. }) => Ok(Again { serving, logging, self_signed: tls, component: None }),
        _ => bail!("this process runs no server"),
    }
}

fn lacks_component(arguments: &Arguments) -> bool {
    matches!(&arguments.command, Asked::Run(RunArguments { file: None, .. }))
}

fn with_settings(line: &[OsString], matches: &ArgMatches) -> anyhow::Result<Arguments> {
    let (name, given) = matches.subcommand().context("clap asks for a command")?;
    let file = if WITHOUT_SETTINGS.contains(&name) { None } else { find(given)? };
    let mut settings = file.map(|file| Settings { file, keys: Keys::default() });
    let matches = match &mut settings {
        None => matches.clone(),
        Some(settings) => {
            let file = &settings.file;
            let text = read(file).with_context(|| format!("cannot read {}", file.display()))?;
            settings.keys = keys_of(&text, file, name, given)?;
            with(line, name, settings.keys.words(None)).map_err(|error| {
                let goes_without = |key: &str| with(line, name, settings.keys.words(Some(key))).is_ok();
                let misfit = settings.keys.lines().find(|(key, _)| goes_without(key));
                let place = misfit.map_or_else(String::new, |(key, line)| format!(":{line}: {key}"));
                anyhow!("{}{place} does not go with the command line: {error}", file.display())
            })?
        }
    };
    let file = settings.as_ref().map(|settings| settings.file.clone());
    if let Some((name, all)) = matches.subcommand().filter(|(name, _)| RUNNERS.contains(name))
        && let Some(error) = ineffective::find(all)
    {
        let file = file.as_ref().map_or_else(String::new, |file| format!(" (with the settings in {})", file.display()));
        bail!("{name}{file}: {error}");
    }
    let has_probation = matches.subcommand().is_some_and(|(_, all)| {
        all.try_get_raw("probation").is_ok() && all.value_source("probation") == Some(ValueSource::CommandLine)
    });
    let is_addressed = matches.subcommand().is_some_and(|(name, all)| {
        let is_given = |id| all.value_source(id) == Some(ValueSource::CommandLine);
        OWNERS.contains(&name) && (is_given("host") || is_given("port"))
    });
    let mut arguments = Arguments::from_arg_matches(&matches)?;
    match &mut arguments.command {
        Asked::Run(RunArguments { serving, .. }) | Asked::Dev(DevArguments { serving, .. }) => {
            serving.is_addressed = is_addressed;
        }
        _ => {}
    }
    match &mut arguments.command {
        Asked::Run(run) => run.serving.settings = settings,
        Asked::Dev(dev) => {
            dev.serving.settings = settings;
            // A developer wants to see the release that fails, and not the one before.
            if !has_probation {
                dev.serving.app.limits.probation = Duration::ZERO;
            }
        }
        _ => {}
    }
    Ok(arguments)
}

/// Finds the settings file, if any.
fn find(given: &ArgMatches) -> anyhow::Result<Option<PathBuf>> {
    if given.get_flag("no_config") {
        return Ok(None);
    }
    if let Some(chosen) = given.get_one::<PathBuf>("config") {
        return Ok(Some(chosen.clone()));
    }
    let file = PathBuf::from(DEFAULT_FILE);
    Ok(file.try_exists().with_context(|| format!("cannot look for {DEFAULT_FILE}"))?.then_some(file))
}

fn read(file: &Path) -> anyhow::Result<String> {
    String::from_utf8(file::read(file, file::MAX_TEXT_BYTES)?).context("it is not UTF-8")
}

/// Returns the settings of a file with the arguments that they stand for. Settings that the command line overrides, or that the command does not have,
/// are left out.
fn keys_of(text: &str, file: &Path, name: &str, given: &ArgMatches) -> anyhow::Result<Keys> {
    let at = |line: usize, text: String| anyhow!("{}:{line}: {text}", file.display());
    let folder = file.parent().unwrap_or(Path::new(""));
    let root = Arguments::command();
    let mut keys = Keys::default();
    for setting in config_file::read(text).map_err(|mistake| at(mistake.line, mistake.text))? {
        let (owner, arg) = owner(&root, &setting.key).ok_or_else(|| at(setting.line, unknown(&root, &setting.key)))?;
        let words = words(&arg, &setting, folder).and_then(|words| check(&root, owner, &setting, words));
        let words = words.map_err(|text| at(setting.line, text))?;
        let is_for_dev = setting.key == "tls" && setting.value == Value::Switch(true);
        if name == "run" && is_for_dev && given.get_raw("tls_cert").is_none() {
            let why = "tls = true makes a certificate for `ws-host dev`; for `run`, set tls-cert and tls-key";
            return Err(at(setting.line, why.to_owned()));
        }
        let has_it = root.find_subcommand(name).is_some_and(|command| argument(&root, command, &setting.key).is_some());
        if has_it && !is_given(given, &arg) {
            keys.add(setting.key, setting.line, words);
        }
    }
    Ok(keys)
}

/// Finds the command that has this key, and the key's argument there.
fn owner(root: &Command, key: &str) -> Option<(&'static str, Arg)> {
    OWNERS.into_iter().find_map(|owner| Some((owner, argument(root, root.find_subcommand(owner)?, key)?.clone())))
}

/// Finds the argument of this name: a flag of the command or of all commands, or a positional argument such as `file`.
fn argument<'a>(root: &'a Command, command: &'a Command, key: &str) -> Option<&'a Arg> {
    let is_it = |arg: &&Arg| arg.get_long().map_or_else(|| arg.get_id() == key, |long| long == key);
    let global = root.get_arguments().filter(|arg| arg.is_global_set());
    command.get_arguments().chain(global).find(is_it).filter(|_| !NO_KEYS.contains(&key))
}

/// Whether the command line overrides this argument.
fn is_given(given: &ArgMatches, arg: &Arg) -> bool {
    let is_given = |id: &str| given.value_source(id) == Some(ValueSource::CommandLine);
    let id = arg.get_id().as_str();
    if LOUDNESS.contains(&id) { LOUDNESS.into_iter().any(is_given) } else { is_given(id) }
}

/// Returns a setting as words of the command line. Its paths are relative to the file's folder.
fn words(arg: &Arg, setting: &Setting, folder: &Path) -> Result<Vec<OsString>, String> {
    let Setting { key, value, .. } = setting;
    let one = |word: &str| {
        let is_path = arg.get_value_parser().type_id() == ValueParser::path_buf().type_id();
        let word = match word.strip_prefix(UNIX) {
            Some(path) => [OsStr::new(UNIX), folder.join(path).as_os_str()].into_iter().collect(),
            None if is_path => folder.join(word).into_os_string(),
            None => word.into(),
        };
        if arg.is_positional() {
            return word;
        }
        let mut flag = OsString::from(format!("--{key}="));
        flag.push(word);
        flag
    };
    let times = |count: usize| vec![OsString::from(format!("--{key}")); count];
    match (arg.get_action(), value) {
        (ArgAction::SetTrue | ArgAction::Count, Value::Switch(on)) => Ok(times(usize::from(*on))),
        (ArgAction::Count, Value::Word(count)) if count.len() == 1 => {
            count.parse().map(times).map_err(|_| format!("{key} is {value}; write true, or a number from 1 to 9"))
        }
        (ArgAction::SetTrue | ArgAction::Count, _) => Err(format!("{key} is {value}; write {key} = true or false")),
        (_, Value::Switch(_)) => Err(format!("{key} is {value}, but needs a value: {}", example(arg, key))),
        (_, Value::Word(word)) => Ok(vec![one(word)]),
        (ArgAction::Append, Value::List(words)) => Ok(words.iter().map(|word| one(word)).collect()),
        (_, Value::List(_)) => Err(format!("{key} is {value}, but takes only one value: {}", example(arg, key))),
    }
}

fn example(arg: &Arg, key: &str) -> String {
    let default = arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    let name = || arg.get_value_names().and_then(|names| names.first()).map_or_else(|| "...".to_owned(), ToString::to_string);
    format!("{key} = {:?}", default.unwrap_or_else(name))
}

/// Has clap check one setting alone, so that the error can name its line.
fn check(root: &Command, owner: &str, setting: &Setting, words: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let line = ["ws-host".into(), owner.into()].into_iter().chain(words.iter().cloned());
    let Err(error) = root.clone().try_get_matches_from(line) else { return Ok(words) };
    let Setting { key, value, .. } = setting;
    match error.kind() {
        // A flag that it needs or excludes may stand on another line; clap checks that at the end.
        ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict => Ok(words),
        ErrorKind::ValueValidation => {
            let reason = error.source().map_or_else(|| first_line(&error), ToString::to_string);
            Err(format!("{key} = {value}: {reason}"))
        }
        _ => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(valid)) => Err(format!("{key} = {value}: write one of {}", valid.join(", "))),
            _ => Err(format!("{key} = {value}: {}", first_line(&error))),
        },
    }
}

/// Returns the error for an unknown key, with the closest known one, which clap suggests.
fn unknown(root: &Command, key: &str) -> String {
    let with_hyphens = key.replace('_', "-");
    let nearest = owner(root, &with_hyphens).map(|_| with_hyphens).or_else(|| {
        OWNERS.into_iter().find_map(|owner| {
            let error = root.clone().try_get_matches_from(["ws-host", owner, &format!("--{key}")]).err()?;
            let Some(ContextValue::String(flag)) = error.get(ContextKind::SuggestedArg) else { return None };
            let nearest = flag.trim_start_matches("--").to_owned();
            (!NO_KEYS.contains(&nearest.as_str())).then_some(nearest)
        })
    });
    match nearest {
        Some(nearest) => format!("unknown key {key}; did you mean {nearest}?"),
        None => format!("unknown key {key}; the keys are the flags that `ws-host run --help` lists"),
    }
}

/// Parses the command line with more arguments. They stand right after the command, where they change no other argument's
/// meaning.
fn with(line: &[OsString], name: &str, more: Vec<OsString>) -> Result<ArgMatches, String> {
    let behind = line.iter().position(|word| word == name).map_or(line.len(), |at| at + 1);
    let (before, rest) = line.split_at(behind);
    let line = before.iter().cloned().chain(more).chain(rest.iter().cloned());
    Arguments::command().try_get_matches_from(line).map_err(|error| first_line(&error))
}

/// Returns clap's message in one line, without the usage that follows it.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}
