//! The entries of directories that decide which file a path names.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// The system follows as many links of one path (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Returns the entries by which an absolute path leads to its file: each link on the way, and the file's own name at its end. All
/// directories in them are real ones. If an entry is missing, it is the last.
pub fn entries(path: &Path) -> Vec<PathBuf> {
    let mut rest = parts(path).collect::<VecDeque<_>>();
    let (mut directory, mut entries, mut links) = (PathBuf::from("/"), Vec::new(), 0);
    while let Some(part) = rest.pop_front() {
        if part == ".." {
            directory.pop();
            continue;
        }
        let entry = directory.join(&part);
        match entry.read_link() {
            Ok(target) if links < MAX_LINKS => {
                links += 1;
                entries.push(entry);
                if target.is_absolute() {
                    directory = PathBuf::from("/");
                }
                parts(&target).rev().for_each(|part| rest.push_front(part));
            }
            _ if rest.is_empty() || !entry.exists() => {
                entries.push(entry);
                break;
            }
            _ => directory = entry,
        }
    }
    entries
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder by its real path: the system's folder for temporary files may be a link.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().canonicalize().expect("the folder is there");
        (folder, path)
    }

    #[test]
    fn a_file_without_links_has_one_entry() {
        let (_folder, path) = folder();
        std::fs::write(path.join("file"), "").expect("the folder takes a file");
        assert_eq!(entries(&path.join("file")), [path.join("file")]);
        assert_eq!(entries(&path.join("x/../file")), [path.join("x")], "the missing entry is the last");
    }

    #[test]
    fn each_link_on_the_way_is_an_entry() {
        let (_folder, path) = folder();
        std::fs::create_dir_all(path.join("..1/deep")).expect("folders can be made");
        std::fs::write(path.join("..1/deep/app.wasm"), "").expect("the folder takes a file");
        symlink("..1", path.join("..data")).expect("a link can be made");
        symlink("..data/deep/../deep/app.wasm", path.join("app.wasm")).expect("a link can be made");
        symlink(path.join("app.wasm"), path.join("other")).expect("a link can be made");
        let expected = ["other", "app.wasm", "..data", "..1/deep/app.wasm"].map(|name| path.join(name));
        assert_eq!(entries(&path.join("other")), expected);
    }

    #[test]
    fn links_in_a_circle_end() {
        let (_folder, path) = folder();
        symlink("b", path.join("a")).expect("a link can be made");
        symlink("a", path.join("b")).expect("a link can be made");
        assert_eq!(entries(&path.join("a")).len(), MAX_LINKS + 1);
    }
}
