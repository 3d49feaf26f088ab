//! `ws-host data`: reads and edits the data folder of a server.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use ws_host::store::tools::{Archive, Editor, ImportError, Record};
use ws_host::store::wall_us;

use crate::json::json_line;
use crate::output::{print, print_lines};

/// `ws-host data`.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// The data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The command.
    #[command(subcommand)]
    pub command: DataCommand,
}

/// The commands of `ws-host data`.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List the rooms as JSON lines, or the keys of one room
    List {
        /// The room
        room: Option<String>,
    },
    /// Write the value of a key
    Get {
        /// The room
        room: String,
        /// The key
        key: String,
    },
    /// Write rooms as JSON lines: keys, timers and saved states
    Export {
        /// The rooms [default: all]
        rooms: Vec<String>,
    },
    /// Read JSON lines as `export` writes them; all are kept or none
    Import {
        /// The file [default: standard input]
        file: Option<PathBuf>,
    },
    /// Delete a room, or one of its keys
    Delete {
        /// The room
        room: String,
        /// The key [default: the whole room]
        key: Option<String>,
    },
    /// Check the database for damage
    Check,
    /// Copy the database into a new file, also while a server uses it
    Backup {
        /// The file
        file: PathBuf,
    },
}

/// A result that is bad: damage, or a room or key that does not exist. It leads to exit code 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadResult(String);

/// Runs a command on a data folder.
///
/// # Errors
/// The folder cannot be used as the command needs it. For a bad result the error is [`BadResult`].
pub fn data(arguments: &DataArguments) -> anyhow::Result<()> {
    let Some(folder) = &arguments.data else { bail!("the data folder is missing. Name it with --data DIR") };
    match &arguments.command {
        DataCommand::List { room } => list(folder, room.as_deref()),
        DataCommand::Get { room, key } => get(folder, room, key),
        DataCommand::Export { rooms } => export(folder, rooms),
        DataCommand::Import { file } => import(folder, file.as_deref()),
        DataCommand::Delete { room, key } => delete(folder, room, key.as_deref()),
        DataCommand::Check => check(folder),
        DataCommand::Backup { file } => backup(folder, file),
    }
}

fn list(folder: &Path, room: Option<&str>) -> anyhow::Result<()> {
    /// A key and the size of its value.
    #[derive(Serialize)]
    struct Key<'a> {
        key: &'a str,
        bytes: usize,
    }
    let mut archive = Archive::open(folder)?;
    let mut lines = Lines::new();
    let Some(room) = room else {
        let listed = archive.rooms()?.iter().try_for_each(|room| lines.write(room));
        return lines.end(listed);
    };
    let missing = archive.export(&[room.to_owned()], |record| match (&record.key, record.bytes()) {
        (Some(key), Some(bytes)) => lines.write(&Key { key, bytes }),
        _ => Ok(()),
    });
    lines.end(missing.and_then(|missing| known(missing, folder)))
}

fn get(folder: &Path, room: &str, key: &str) -> anyhow::Result<()> {
    match Archive::open(folder)?.value(room, key)? {
        Some(value) => print(&value),
        None => Err(BadResult(format!("the room {room:?} has no key {key:?}")).into()),
    }
}

fn export(folder: &Path, rooms: &[String]) -> anyhow::Result<()> {
    let mut lines = Lines::new();
    let missing = Archive::open(folder)?.export(rooms, |record| lines.write(record));
    lines.end(missing.and_then(|missing| known(missing, folder)))
}

fn import(folder: &Path, file: Option<&Path>) -> anyhow::Result<()> {
    let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    let source: Box<dyn BufRead> = match file {
        Some(file) => Box::new(BufReader::new(File::open(file).with_context(|| format!("cannot read {name}"))?)),
        None => Box::new(io::stdin().lock()),
    };
    let records = source.lines().enumerate().map(|(number, line)| {
        let line = line.with_context(|| format!("cannot read {name}"))?;
        serde_json::from_str::<Record>(&line).map_err(|error| anyhow::anyhow!("{name}:{}: {}", number + 1, of_one_line(&error)))
    });
    let imported = Editor::open(folder)?.import(records, wall_us()).map_err(|error| match error {
        ImportError::Source(error) => error,
        ImportError::Record(number, error) => anyhow::anyhow!("{name}:{number}: {error}"),
        ImportError::Database(error) => error.into(),
    });
    let count = imported.context("nothing is imported")?;
    print_lines(&format!("imported {count} lines"))
}

fn delete(folder: &Path, room: &str, key: Option<&str>) -> anyhow::Result<()> {
    let mut editor = Editor::open_existing(folder)?;
    let (existed, what) = match key {
        Some(key) => (editor.delete_key(room, key)?, format!("the room {room:?} has no key {key:?}")),
        None => (editor.delete_room(room)?, no_room(room, folder)),
    };
    if existed { Ok(()) } else { Err(BadResult(what).into()) }
}

fn check(folder: &Path) -> anyhow::Result<()> {
    let archive = Archive::open(folder)?;
    let problems = archive.problems()?;
    if problems.is_empty() {
        return print_lines(&format!("{} is sound", archive.file().display()));
    }
    print_lines(&problems.join("\n"))?;
    Err(BadResult(format!("{} is damaged. Put a backup in its place", archive.file().display())).into())
}

fn backup(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let archive = Archive::open(folder)?;
    archive.backup(file).with_context(|| format!("cannot write the backup {}", file.display()))?;
    print_lines(&format!("wrote {}", file.display()))
}

fn known(missing: Option<String>, folder: &Path) -> anyhow::Result<()> {
    missing.map_or(Ok(()), |room| Err(BadResult(no_room(&room, folder)).into()))
}

fn no_room(room: &str, folder: &Path) -> String {
    format!("{} has no room {room:?}. `ws-host data list` shows its rooms", folder.display())
}

/// An error of JSON that is one line, without the number of that line.
fn of_one_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", " at column")
}

/// JSON lines on stdout.
struct Lines(BufWriter<io::Stdout>);

impl Lines {
    fn new() -> Self {
        Self(BufWriter::with_capacity(64 << 10, io::stdout()))
    }

    fn write(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        Ok(self.0.write_all(json_line(value)?.as_bytes())?)
    }

    /// Writes the rest. A reader that closes the pipe early, such as `head`, is no error.
    fn end(mut self, result: anyhow::Result<()>) -> anyhow::Result<()> {
        let result = result.and_then(|()| Ok(self.0.flush()?));
        let is_closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        match result {
            Err(error) if error.downcast_ref().is_some_and(is_closed) => {
                // Without the pieces that cannot be written any more, which its drop would try again.
                let _ = self.0.into_parts();
                Ok(())
            }
            result => result,
        }
    }
}
