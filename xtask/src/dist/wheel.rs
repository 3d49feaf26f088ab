//! Python's package: the binary as a script, so that `pip install` puts it on the PATH.

use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::release::{DOCUMENTS, File, Release};
use super::zip::zip;
use super::{SUMMARY, read, write};
use crate::places::Places;
use crate::step::Trouble;

/// The modules of the package, which start the binary for `python -m ws_host`.
const MODULES: [&str; 3] = ["__init__.py", "__main__.py", "py.typed"];

/// Makes the wheel.
pub(super) fn make(release: &Release, places: &Places, folder: &Path) -> Result<PathBuf, Trouble> {
    let version = version(release.version).map_err(Trouble::failed)?;
    let platform = release.target.wheel(release.needs.glibc);
    let (info, data) = (format!("ws_host-{version}.dist-info"), format!("ws_host-{version}.data"));
    let mut files = vec![
        File::program(format!("{data}/scripts/ws-host"), release.content("bin/ws-host")),
        File::new(format!("{info}/METADATA"), metadata(&version, release)),
        File::new(format!("{info}/WHEEL"), tags(&platform)),
        File::new(format!("{info}/sboms/ws-host.cdx.json"), release.content(&format!("{DOCUMENTS}ws-host.cdx.json"))),
    ];
    for module in MODULES {
        files.push(File::new(format!("ws_host/{module}"), read(places, &format!("deploy/packages/python/{module}"))?));
    }
    files.extend(release.moved("share/", &format!("{data}/data/share/")).filter(|file| !file.path.contains("/share/doc/")));
    for name in licences(release) {
        files.push(File::new(format!("{info}/licenses/{name}"), release.content(&format!("{DOCUMENTS}{name}"))));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.push(record(&files, &info));
    let file = folder.join(format!("ws_host-{version}-py3-none-{platform}.whl"));
    write(&file, &zip(&files, release.time)?)?;
    Ok(file)
}

/// The documents that are licences.
fn licences(release: &Release) -> Vec<&str> {
    let names = release.files.iter().filter_map(|file| file.path.strip_prefix(DOCUMENTS));
    names.filter(|name| ["LICENSE-", "THIRD-PARTY", "RUST-STD"].iter().any(|begin| name.starts_with(begin))).collect()
}

/// The version as Python writes it: `1.2.0rc1` for `1.2.0-rc.1`.
fn version(semantic: &str) -> Result<String, String> {
    let Some((version, before)) = semantic.split_once('-') else { return Ok(semantic.to_owned()) };
    for (word, letter) in [("alpha.", "a"), ("beta.", "b"), ("rc.", "rc")] {
        if let Some(number) = before.strip_prefix(word) {
            return Ok(format!("{version}{letter}{number}"));
        }
    }
    Err(format!("Python has no version like {semantic}: use -alpha.N, -beta.N or -rc.N"))
}

fn metadata(version: &str, release: &Release) -> String {
    let licences: String = licences(release).iter().map(|name| format!("License-File: {name}\n")).collect();
    let readme = String::from_utf8_lossy(release.content(&format!("{DOCUMENTS}README.md"))).into_owned();
    format!(
        "Metadata-Version: 2.4\nName: ws-host\nVersion: {version}\nSummary: {SUMMARY}\n\
         License-Expression: {}\n{licences}Keywords: websocket,server,webassembly,component-model\nRequires-Python: >=3.8\n\
         Description-Content-Type: text/markdown\n\n{readme}",
        env!("CARGO_PKG_LICENSE")
    )
}

/// The wheel's own description. Each platform is a tag of its own.
fn tags(platform: &str) -> String {
    let tags: String = platform.split('.').map(|platform| format!("Tag: py3-none-{platform}\n")).collect();
    format!("Wheel-Version: 1.0\nGenerator: ws-host xtask\nRoot-Is-Purelib: false\n{tags}")
}

/// The list of all files with their checksums; its own line has none.
fn record(files: &[File], info: &str) -> File {
    let line = |file: &File| {
        let sum = BASE64URL_NOPAD.encode(&Sha256::digest(&file.content));
        format!("{},sha256={sum},{}\n", file.path, file.content.len())
    };
    let path = format!("{info}/RECORD");
    let lines: String = files.iter().map(line).collect();
    File::new(path.clone(), format!("{lines}{path},,\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_before_a_release_is_written_as_python_does() {
        assert_eq!(version("1.2.0"), Ok("1.2.0".to_owned()));
        assert_eq!(version("1.2.0-rc.1"), Ok("1.2.0rc1".to_owned()));
        assert_eq!(version("1.2.0-alpha.3"), Ok("1.2.0a3".to_owned()));
        assert!(version("1.2.0-nightly").is_err());
    }

    #[test]
    fn each_platform_has_a_tag() {
        let tags = tags("manylinux_2_17_x86_64.musllinux_1_1_x86_64");
        assert!(tags.ends_with("Tag: py3-none-manylinux_2_17_x86_64\nTag: py3-none-musllinux_1_1_x86_64\n"), "{tags}");
    }

    #[test]
    fn the_record_has_a_checksum_of_each_file_but_itself() {
        let record = record(&[File::new("a.py", "a")], "x.dist-info");
        let text = String::from_utf8(record.content).expect("the record is text");
        assert_eq!(text, "a.py,sha256=ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5yuYB3ha_uSLs,1\nx.dist-info/RECORD,,\n");
    }
}
