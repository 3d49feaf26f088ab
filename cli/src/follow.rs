//! Follows files: tells when their content has changed, also when they are reached through links.
//!
//! A certificate and a component are renewed in the same ways. A tool replaces the file, writes into it, or turns a link. The link
//! may be the file's name, or a directory on the way to it: Kubernetes turns the link `..data`, over which the files of a
//! ConfigMap are reached.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ws_host::file;
use ws_host::guest::sha256;

use crate::path_entries::entries;
use crate::watch::Watch;

/// How often the way to the files may change while it is being looked at.
const MAX_LOOKS: usize = 10;

/// Follows files until it is dropped.
pub struct Follower {
    files: Vec<PathBuf>,
    /// The entries of directories that decide what the files are.
    entries: Arc<Mutex<BTreeSet<PathBuf>>>,
    directories: BTreeSet<PathBuf>,
    watch: Watch,
    /// A fingerprint of each file's content.
    seen: Vec<String>,
}

impl Follower {
    /// Follows these files. Call it before they are loaded, so that no change is missed.
    ///
    /// # Errors
    /// The system cannot watch a directory.
    pub fn new(files: &[&Path]) -> anyhow::Result<Self> {
        let entries = Arc::<Mutex<BTreeSet<PathBuf>>>::default();
        let meant = Arc::clone(&entries);
        let watch = Watch::new(move |changed| meant.lock().unwrap_or_else(PoisonError::into_inner).contains(changed))?;
        let files = files.iter().map(std::path::absolute).collect::<Result<_, _>>()?;
        let mut follower = Self { files, entries, directories: BTreeSet::new(), watch, seen: Vec::new() };
        follower.look_again()?;
        follower.seen = fingerprints(&follower.files).unwrap_or_default();
        Ok(follower)
    }

    /// Resolves when the content of a file has changed and all of them exist. Returns a fingerprint of each, its SHA-256.
    pub async fn changed(&mut self) -> &[String] {
        loop {
            self.watch.changed().await;
            // The way to a file may lead elsewhere now. Only then is it read, so that a change in between is seen either way.
            if let Err(error) = self.look_again() {
                tracing::debug!("a directory cannot be watched: {error:#}");
            }
            let files = self.files.clone();
            let read = tokio::task::spawn_blocking(move || fingerprints(&files)).await;
            // Neighbours of the files change too, and a broken file should be reported only once.
            if let Ok(Some(now)) = read
                && now != self.seen
            {
                self.seen = now;
                return &self.seen;
            }
        }
    }

    /// Watches the directories on the present way to the files.
    fn look_again(&mut self) -> anyhow::Result<()> {
        let mut found = self.find();
        for _ in 0..MAX_LOOKS {
            // All are watched anew: another directory may have the name by now.
            let directories = found.iter().filter_map(|entry| entry.parent()).map(Path::to_owned).collect();
            let before = std::mem::replace(&mut self.directories, directories);
            *self.entries.lock().unwrap_or_else(PoisonError::into_inner) = found.clone();
            before.iter().for_each(|directory| self.watch.remove(directory));
            self.directories.iter().try_for_each(|directory| self.watch.add(directory))?;
            // A link that was turned before its directory was watched is seen now.
            let now = self.find();
            if now == found {
                break;
            }
            found = now;
        }
        Ok(())
    }

    fn find(&self) -> BTreeSet<PathBuf> {
        self.files.iter().flat_map(|file| entries(file)).collect()
    }
}

/// A fingerprint of each file, or none while one is missing. A file that cannot be read has one too: it is reported when it is loaded.
fn fingerprints(files: &[PathBuf]) -> Option<Vec<String>> {
    let fingerprint = |path: &PathBuf| match file::read(path, file::MAX_COMPONENT_BYTES) {
        Ok(bytes) => Some(sha256(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(error.to_string()),
    };
    files.iter().map(fingerprint).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder as Kubernetes mounts a ConfigMap, with this content in `app.wasm`.
    fn config_map(content: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        symlink("..data/app.wasm", folder.path().join("app.wasm")).expect("a link can be made");
        turn(folder.path(), content);
        folder
    }

    /// Turns `..data` to a new folder, as the kubelet does: by renaming a link over it.
    fn turn(folder: &Path, content: &str) {
        let version = folder.join(format!("..{content}"));
        std::fs::create_dir(&version).expect("a folder can be made");
        std::fs::write(version.join("app.wasm"), content).expect("the folder takes a file");
        symlink(version.file_name().expect("it has a name"), folder.join("..data_tmp")).expect("a link can be made");
        std::fs::rename(folder.join("..data_tmp"), folder.join("..data")).expect("a link can be turned");
    }

    #[tokio::test]
    async fn a_link_on_the_way_is_followed_each_time_that_it_is_turned() {
        let folder = config_map("one");
        let file = folder.path().join("app.wasm");
        let mut follower = Follower::new(&[&file]).expect("the folder can be watched");
        for content in ["two", "three"] {
            turn(folder.path(), content);
            follower.changed().await;
            assert_eq!(follower.seen, [sha256(content.as_bytes())]);
        }
        std::fs::write(folder.path().join("..three/app.wasm"), "in place").expect("the folder takes a file");
        follower.changed().await;
        assert_eq!(follower.seen, [sha256(b"in place")]);
    }

    #[tokio::test]
    async fn a_directory_with_any_name_that_is_a_link_is_followed_too() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for release in ["1", "2"] {
            std::fs::create_dir(folder.path().join(release)).expect("a folder can be made");
            std::fs::write(folder.path().join(release).join("app.wasm"), release).expect("the folder takes a file");
        }
        let current = folder.path().join("current");
        symlink("1", &current).expect("a link can be made");
        let mut follower = Follower::new(&[&current.join("app.wasm")]).expect("the folder can be watched");
        symlink("2", folder.path().join("next")).expect("a link can be made");
        std::fs::rename(folder.path().join("next"), &current).expect("a link can be turned");
        follower.changed().await;
        assert_eq!(follower.seen, [sha256(b"2")]);
    }

    #[tokio::test]
    async fn a_file_that_is_missing_for_a_while_is_no_change_until_it_is_back() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("app.wasm");
        std::fs::write(&file, "one").expect("the folder takes a file");
        let mut follower = Follower::new(&[&file]).expect("the folder can be watched");
        std::fs::remove_file(&file).expect("the file can be removed");
        let back = async {
            tokio::task::yield_now().await;
            std::fs::write(&file, "two").expect("the folder takes a file");
        };
        tokio::join!(follower.changed(), back);
        assert_eq!(follower.seen, [sha256(b"two")]);
    }
}
