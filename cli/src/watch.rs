//! Watches files and reports when they have changed and come to rest.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use notify::event::{EventKind, ModifyKind};
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Editors and compilers write in several steps. A file that nothing touched for this long counts as complete.
const REST: Duration = Duration::from_millis(150);

/// A watch on files or on a directory tree. Dropping it ends the watch.
pub struct Watch {
    changes: mpsc::Receiver<()>,
    _watcher: notify::RecommendedWatcher,
}

impl Watch {
    /// Watches a file by watching its directory, since a rename replaces the file with another one.
    ///
    /// # Errors
    /// The system cannot watch the directory.
    pub fn file(path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)?;
        let dir = path.parent().context("the file is in no directory")?.to_owned();
        let name = path.file_name().map(ToOwned::to_owned);
        Self::new(&[dir], RecursiveMode::NonRecursive, move |changed| changed.file_name() == name.as_deref())
    }

    /// Watches files that may be symbolic links, both the links and their targets: tools renew a certificate by changing a
    /// link. Kubernetes changes a link `..data` beside the files. So an event may change nothing: compare before acting.
    ///
    /// # Errors
    /// The system cannot watch one of the directories.
    pub fn links(files: &[&Path]) -> anyhow::Result<Self> {
        let (mut dirs, mut names) = (Vec::new(), Vec::new());
        for file in files {
            for path in [std::path::absolute(file)?].into_iter().chain(file.canonicalize().ok()) {
                dirs.extend(path.parent().map(ToOwned::to_owned));
                names.extend(path.file_name().map(ToOwned::to_owned));
            }
        }
        dirs.sort();
        dirs.dedup();
        Self::new(&dirs, RecursiveMode::NonRecursive, move |changed| {
            changed.file_name().is_some_and(|name| name == "..data" || names.iter().any(|meant| meant == name))
        })
    }

    /// Watches the files of a project's directory for which `is_meant` is true, except hidden ones. `is_meant` takes paths
    /// relative to the directory.
    ///
    /// # Errors
    /// The system cannot watch the directory.
    pub fn sources(dir: &Path, is_meant: impl Fn(&Path) -> bool + Send + 'static) -> anyhow::Result<Self> {
        let dir = std::path::absolute(dir)?;
        let root = dir.clone();
        Self::new(&[dir], RecursiveMode::Recursive, move |changed| {
            let below = changed.strip_prefix(&root).unwrap_or(changed);
            !is_hidden(below) && is_meant(below)
        })
    }

    fn new(dirs: &[PathBuf], mode: RecursiveMode, is_meant: impl Fn(&Path) -> bool + Send + 'static) -> anyhow::Result<Self> {
        // One entry says all: something has changed since the last look.
        let (changed, changes) = mpsc::channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| changes_content(&event.kind) && event.paths.iter().any(|path| is_meant(path))) {
                // Full, it has an entry already. Without a receiver the server is about to end.
                let _ = changed.try_send(());
            }
        })?;
        for dir in dirs {
            watcher.watch(dir, mode).with_context(|| format!("cannot watch {}", dir.display()))?;
        }
        Ok(Self { changes, _watcher: watcher })
    }

    /// Resolves after a change, once the files have been at rest for 150 ms.
    pub async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            return std::future::pending().await;
        }
        while let Ok(Some(())) = tokio::time::timeout(REST, self.changes.recv()).await {}
    }
}

/// Whether an event may change a file's content, unlike a read or a change of permissions.
fn changes_content(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)))
}

/// Whether a path belongs to an editor, version control or a tool.
fn is_hidden(below: &Path) -> bool {
    below.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with('.') || name.ends_with('~')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_editors_and_tools_are_hidden() {
        assert!(!is_hidden(Path::new("src/lib.rs")) && !is_hidden(Path::new("app.py")));
        for path in [".git/index", "src/.lib.rs.swp", "src/lib.rs~", ".venv/lib/x.py"] {
            assert!(is_hidden(Path::new(path)), "{path}");
        }
    }
}
