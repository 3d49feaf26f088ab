//! Watches files and reports when they have changed and come to rest.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use notify::event::{EventKind, ModifyKind};
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Editors and compilers write in several steps. A file that nothing touched for this long counts as complete.
const REST: Duration = Duration::from_millis(150);

/// A watch on directories or on a directory tree. Dropping it ends the watch.
pub struct Watch {
    changes: mpsc::Receiver<()>,
    watcher: notify::RecommendedWatcher,
}

impl Watch {
    /// Watches the files of a project's directory for which `is_meant` is true, except hidden ones. `is_meant` takes paths
    /// relative to the directory.
    ///
    /// # Errors
    /// The system cannot watch the directory.
    pub fn sources(dir: &Path, is_meant: impl Fn(&Path) -> bool + Send + 'static) -> anyhow::Result<Self> {
        let dir = std::path::absolute(dir)?;
        let root = dir.clone();
        let mut watch = Self::new(move |changed| {
            let below = changed.strip_prefix(&root).unwrap_or(changed);
            !is_hidden(below) && is_meant(below)
        })?;
        watch.watch(&dir, RecursiveMode::Recursive)?;
        Ok(watch)
    }

    /// A watch on no directory yet. `is_meant` tells which paths in the directories count.
    ///
    /// # Errors
    /// The system has no watches left.
    pub fn new(is_meant: impl Fn(&Path) -> bool + Send + 'static) -> anyhow::Result<Self> {
        // One entry says all: something has changed since the last look.
        let (changed, changes) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // After too many events at once the system tells only that it has left some out.
            let is_change = |event: notify::Event| {
                event.need_rescan() || changes_content(&event.kind) && event.paths.iter().any(|path| is_meant(path))
            };
            if event.is_ok_and(is_change) {
                // Full, it has an entry already. Without a receiver the server is about to end.
                let _ = changed.try_send(());
            }
        })?;
        Ok(Self { changes, watcher })
    }

    /// Watches the entries of a directory too.
    ///
    /// # Errors
    /// The system cannot watch the directory.
    pub fn add(&mut self, dir: &Path) -> anyhow::Result<()> {
        self.watch(dir, RecursiveMode::NonRecursive)
    }

    /// Watches a directory no longer, if it was watched.
    pub fn remove(&mut self, dir: &Path) {
        // An error means that the directory is gone.
        let _ = self.watcher.unwatch(dir);
    }

    fn watch(&mut self, dir: &Path, mode: RecursiveMode) -> anyhow::Result<()> {
        self.watcher.watch(dir, mode).with_context(|| format!("cannot watch {}", dir.display()))
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
