//! The licence texts of the crates in the binary.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::crates::Crate;
use crate::step::Trouble;

/// The beginnings of the names of files with a licence, in small letters.
const NAMES: [&str; 6] = ["license", "licence", "copying", "notice", "copyright", "unlicense"];

/// The ends of source files, which have such names too, such as `notice.rs`.
const SOURCES: [&str; 4] = ["rs", "c", "h", "json"];

/// How deep below a crate's folder the licences of the code lie that it brings from elsewhere, such as SQLite's.
const DEPTH: usize = 4;

/// All texts, each once, with the crates that it belongs to, below a head. `ours` reads a file of the checkout.
pub(super) fn text(head: &str, crates: &[Crate], ours: &impl Fn(&str) -> Result<String, Trouble>) -> Result<String, Trouble> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    for one in crates.iter().filter(|one| !one.is_ours()) {
        let found = files(one);
        if found.is_empty() {
            without.push(one);
        }
        for file in found {
            let text = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
            add(&mut texts, &String::from_utf8_lossy(&text), one);
        }
    }
    for one in without {
        let text = standard(one, crates, ours)?;
        add(&mut texts, &text, one);
    }
    Ok(joined(head, &texts))
}

fn add(texts: &mut BTreeMap<String, Vec<String>>, text: &str, one: &Crate) {
    // Ends of lines and spaces at them differ between copies of one text.
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let owners = texts.entry(lines.join("\n").trim_matches('\n').to_owned()).or_default();
    let owner = format!("{} {} ({})", one.name, one.version, one.licence);
    if !owners.contains(&owner) {
        owners.push(owner);
    }
}

fn joined(head: &str, texts: &BTreeMap<String, Vec<String>>) -> String {
    let rule = "=".repeat(80);
    let mut sections: Vec<_> = texts.iter().map(|(text, owners)| (owners.join("\n"), text)).collect();
    sections.sort();
    let sections = sections.iter().map(|(owners, text)| format!("\n{rule}\n{owners}\n{rule}\n\n{text}\n"));
    format!("{head}{}", sections.collect::<String>())
}

/// The files with licences in a crate's folder, sorted.
fn files(one: &Crate) -> Vec<PathBuf> {
    let mut found: Vec<_> = one.licence_file.iter().map(|file| one.folder.join(file)).collect();
    search(&one.folder, DEPTH, &mut found);
    found.sort();
    found.dedup();
    found
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for path in folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() && depth > 1 && !["target", ".git"].contains(&name.as_str()) {
            search(&path, depth - 1, found);
        } else if path.is_file() && is_licence(&name) {
            found.push(path);
        }
    }
}

fn is_licence(name: &str) -> bool {
    let is_source = Path::new(name).extension().is_some_and(|end| SOURCES.iter().any(|source| end == *source));
    !is_source && NAMES.iter().any(|begin| name.starts_with(begin))
}

/// The text for a crate whose package has none: that of another crate under the same licence, or the one that its licence prescribes.
fn standard(one: &Crate, crates: &[Crate], ours: &impl Fn(&str) -> Result<String, Trouble>) -> Result<String, Trouble> {
    let choices: Vec<_> = one.licence.split(" OR ").collect();
    if choices.contains(&"MIT") {
        let holder = if one.authors.is_empty() { format!("the developers of {}", one.name) } else { one.authors.join(", ") };
        let text = ours("LICENSE-MIT")?;
        let permission = text.split_once("\n\n").map(|(_, rest)| rest.split_once("\n\n").map_or(rest, |(_, rest)| rest));
        return Ok(format!("MIT License\n\nCopyright (c) {holder}\n\n{}", permission.unwrap_or_default()));
    }
    if choices.contains(&"Apache-2.0") {
        return ours("LICENSE-APACHE");
    }
    let mut alike = crates.iter().filter(|other| other.licence == one.licence && !other.is_ours());
    let Some(file) = alike.find_map(|other| files(other).into_iter().next()) else {
        return Err(Trouble::failed(format!(
            "{} ({}) has no licence text, nor has another crate of that licence",
            one.key(),
            one.licence
        )));
    };
    Ok(fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, licence: &str, folder: &Path) -> Crate {
        Crate {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
            folder: folder.join(name),
            licence_file: None,
            authors: Vec::new(),
            checksum: Some("00".to_owned()),
            uses: Vec::new(),
        }
    }

    fn ours(name: &str) -> Result<String, Trouble> {
        Ok(match name {
            "LICENSE-MIT" => "MIT License\n\nCopyright (c) us\n\nPermission is granted".to_owned(),
            _ => "Apache License".to_owned(),
        })
    }

    #[test]
    fn a_file_is_a_licence_by_its_name() {
        for name in ["license-mit", "licence", "copying", "notice.txt", "copyright", "unlicense", "license.bsd-3-clause"] {
            assert!(is_licence(name), "{name}");
        }
        assert!(!["notice.rs", "copying.c", "readme.md"].iter().any(|name| is_licence(name)));
    }

    #[test]
    fn one_text_names_all_its_crates_also_when_it_lies_deep() {
        let folder = std::env::temp_dir().join(format!("ws-host-licences-{}", std::process::id()));
        for (path, text) in [("a/LICENSE", "free \r\nto use\n"), ("b/lib/COPYING", "free\nto use"), ("b/notice.rs", "code")] {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("a folder can be made");
            fs::write(file, text).expect("a file can be written");
        }
        let text = text("", &[of("a", "ISC", &folder), of("b", "ISC", &folder), of("c", "ISC", &folder)], &ours);
        fs::remove_dir_all(&folder).expect("the folder can be removed");
        let text = text.expect("each crate has a text");
        assert_eq!(text.matches("free\nto use").count(), 1, "{text}");
        assert!(text.contains("a 1.0.0 (ISC)\nb 1.0.0 (ISC)\nc 1.0.0 (ISC)\n"), "{text}");
    }

    #[test]
    fn a_crate_without_a_text_has_the_one_that_its_licence_prescribes() {
        let nowhere = Path::new("/nowhere");
        let text = text("", &[of("a", "MIT OR Zlib", nowhere)], &ours).expect("MIT prescribes a text");
        assert!(text.contains("Copyright (c) the developers of a\n\nPermission is granted"), "{text}");
        assert!(super::text("", &[of("a", "Zlib", nowhere)], &ours).is_err());
    }
}
