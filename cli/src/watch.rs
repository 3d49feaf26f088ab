//! Watching files: says when they have changed and come to rest.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use notify::event::{EventKind, ModifyKind};
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Editors and compilers write in several steps; a file that has been left alone for so long is taken to be whole.
const REST: Duration = Duration::from_millis(150);

/// Watches one file, or a directory with all that is in it.
pub struct Watch {
    changes: mpsc::UnboundedReceiver<()>,
    _watcher: notify::RecommendedWatcher,
}

impl Watch {
    /// Watches a file. Its directory is what the system watches: a file that is replaced by renaming is another file.
    pub fn file(path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)?;
        let dir = path.parent().context("the file is in no directory")?.to_owned();
        let name = path.file_name().map(ToOwned::to_owned);
        Self::new(&[dir], RecursiveMode::NonRecursive, move |changed| changed.file_name() == name.as_deref())
    }

    /// Watches files that may be symbolic links, where the links are and where they lead to: certificates are renewed by
    /// turning a link. Kubernetes turns one beside them that is called `..data`, so compare before acting.
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

    /// Watches those files of a project's directory that `is_meant` takes for sources, but for what is hidden. It is given
    /// their paths below the directory.
    pub fn sources(dir: &Path, is_meant: impl Fn(&Path) -> bool + Send + 'static) -> anyhow::Result<Self> {
        let dir = std::path::absolute(dir)?;
        let root = dir.clone();
        Self::new(&[dir], RecursiveMode::Recursive, move |changed| {
            let below = changed.strip_prefix(&root).unwrap_or(changed);
            !is_hidden(below) && is_meant(below)
        })
    }

    fn new(dirs: &[PathBuf], mode: RecursiveMode, is_meant: impl Fn(&Path) -> bool + Send + 'static) -> anyhow::Result<Self> {
        // Unbounded, but emptied at each look, and an entry has no size.
        let (changed, changes) = mpsc::unbounded_channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| changes_content(&event.kind) && event.paths.iter().any(|path| is_meant(path))) {
                // Nobody listens any more: the server is about to end.
                let _ = changed.send(());
            }
        })?;
        for dir in dirs {
            watcher.watch(dir, mode).with_context(|| format!("cannot watch {}", dir.display()))?;
        }
        Ok(Self { changes, _watcher: watcher })
    }

    /// Resolves when something has changed and then been left alone for a moment.
    pub async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            return std::future::pending().await;
        }
        while let Ok(Some(())) = tokio::time::timeout(REST, self.changes.recv()).await {}
    }
}

/// Reading a file, or changing who may, is no change of what is in it.
fn changes_content(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)))
}

/// What editors, version control and tools keep for themselves.
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
    fn what_editors_and_tools_leave_behind_is_hidden() {
        assert!(!is_hidden(Path::new("src/lib.rs")) && !is_hidden(Path::new("app.py")));
        for path in [".git/index", "src/.lib.rs.swp", "src/lib.rs~", ".venv/lib/x.py"] {
            assert!(is_hidden(Path::new(path)), "{path}");
        }
    }
}
