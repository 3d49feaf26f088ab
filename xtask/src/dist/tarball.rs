//! Archives without traces of the machine and the hour that made them.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Context as _;
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::release::File;

/// A gzipped tar archive: sorted, all files root's and of one time. Folders come before their files if `with_folders`.
pub(super) fn tar_gz(files: &[File], time: u64, with_folders: bool) -> anyhow::Result<Vec<u8>> {
    let mut files: Vec<&File> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut archive = Builder::new(Vec::new());
    if with_folders {
        for folder in folders(&files) {
            append(&mut archive, &folder, &header(EntryType::Directory, 0o755, 0, time), &[])?;
        }
    }
    for File { path, mode, content } in files {
        append(&mut archive, path, &header(EntryType::Regular, *mode, content.len() as u64, time), content)?;
    }
    gzip(&archive.into_inner().context("ending an archive")?)
}

/// Compresses without a name or a time.
pub(super) fn gzip(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// All folders of the files, each before those inside it.
fn folders(files: &[&File]) -> BTreeSet<String> {
    let inner = |path: &str| path.match_indices('/').map(|(at, _)| path[..=at].to_owned()).collect::<Vec<_>>();
    files.iter().flat_map(|file| inner(&file.path)).filter(|folder| folder != "./").collect()
}

fn header(kind: EntryType, mode: u32, size: u64, time: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn append(archive: &mut Builder<Vec<u8>>, path: &str, header: &Header, content: &[u8]) -> anyhow::Result<()> {
    let mut header = header.clone();
    // `set_path` would drop the `./` that dpkg expects.
    let named = header.as_ustar_mut().context("the header is of ustar")?;
    let bytes = path.as_bytes();
    let place = named.name.get_mut(..bytes.len()).with_context(|| format!("{path} has more than 100 bytes"))?;
    place.copy_from_slice(bytes);
    header.set_cksum();
    archive.append(&header, content).with_context(|| format!("adding {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File { path: path.to_owned(), mode: 0o644, content: path.into() }
    }

    #[test]
    fn the_order_of_the_files_does_not_matter() {
        let [a, b] = [[file("a/x"), file("a/y")], [file("a/y"), file("a/x")]].map(|files| tar_gz(&files, 1, true));
        assert_eq!(a.expect("an archive is made"), b.expect("an archive is made"));
    }

    #[test]
    fn folders_come_before_their_files() {
        let files = [file("./usr/bin/x"), file("./usr/a")];
        let found: Vec<_> = folders(&files.iter().collect::<Vec<_>>()).into_iter().collect();
        assert_eq!(found, ["./usr/", "./usr/bin/"]);
    }
}
