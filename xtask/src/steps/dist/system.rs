//! A view of this system in which a script may change all files. The changes are in memory, and end with the script.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::Trial;
use crate::command::{command, output};
use crate::step::Trouble;

/// Makes the view.
const VIEW: &str = include_str!("system.sh");

/// A command that runs a shell script in a view. It begins in the view's root, and finds there the files that are given, by their names
/// in `/tmp`; `inside COMMAND` runs a command of the view. Its stdout is that of the last command, which it must `exec`.
pub(super) fn viewed(trial: &Trial<'_>, name: &str, script: &str, files: &[&Path]) -> Result<Command, Trouble> {
    let is_root = output(command("id", &trial.folder).arg("-u"))?.trim() == "0";
    if !is_root {
        return Err(Trouble::missing("a view of the system needs root: the archive, the wheel and npm's packages passed"));
    }
    if let Err(Trouble::Failed(why) | Trouble::Missing(why)) = output(&mut begun(trial, "view", "exec true", &[])?) {
        return Err(Trouble::missing(format!("a view of the system needs the right to mount overlayfs: {why}")));
    }
    begun(trial, name, script, files)
}

fn begun(trial: &Trial<'_>, name: &str, script: &str, files: &[&Path]) -> Result<Command, Trouble> {
    let root = trial.folder.join(name);
    std::fs::create_dir_all(&root).with_context(|| format!("making {}", root.display()))?;
    let mut view = command("unshare", &root);
    view.args(["--mount", "sh", "-euc", &format!("{VIEW}\n{script}"), name]).arg(&root).args(files);
    Ok(view)
}
