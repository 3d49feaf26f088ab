//! The version of a release comes from one place, the workspace's manifest. Other tools need it in files of their own.

use super::Finding;

/// The place that the version comes from.
const SOURCE: (&str, &str) = ("Cargo.toml", "[workspace.package]\nversion = \"");

/// Files with a version, and the text before it.
const COPIES: [(&str, &str); 11] = [
    ("Cargo.toml", "ws-host = { path = \"host\", version = \""),
    ("Cargo.toml", "ws-host-client = { path = \"client/rust\", version = \""),
    ("Cargo.toml", "ws-host-load = { path = \"load\", version = \""),
    ("Cargo.toml", "ws-protocol = { path = \"protocol\", version = \""),
    ("client/package.json", "\"name\": \"ws-host-client\",\n  \"version\": \""),
    ("client/python/pyproject.toml", "name = \"ws-host-client\"\nversion = \""),
    ("sdk/js/package.json", "\"name\": \"ws-host-guest\",\n  \"version\": \""),
    ("sdk/js/package-lock.json", "\"name\": \"ws-host-guest\",\n  \"version\": \""),
    ("sdk/python/pyproject.toml", "name = \"ws-host-guest\"\nversion = \""),
    ("docs/guide/src/packages.md", "| `ws-host_"),
    ("docs/guide/src/packages.md", "| `ws_host-"),
];

/// Finds copies of the version that differ from it.
pub(super) fn check(texts: &[(String, String)]) -> Vec<Finding> {
    let Some((_, ours)) = find(texts, SOURCE) else {
        return vec![Finding::new(SOURCE.0, 1, "the workspace's package has no version")];
    };
    let differing = |copy: (&str, &str)| match find(texts, copy) {
        Some((_, version)) if version == ours => None,
        Some((line, version)) => {
            Some(Finding::new(copy.0, line, format!("the version is {version}, not the workspace's {ours}")))
        }
        None => Some(Finding::new(copy.0, 1, format!("`{}` stands before no version", copy.1.replace('\n', " ")))),
    };
    COPIES.into_iter().filter_map(differing).collect()
}

/// The version behind a text in a file, with its line.
fn find<'a>(texts: &'a [(String, String)], (path, before): (&str, &str)) -> Option<(usize, &'a str)> {
    let text = &texts.iter().find(|(name, _)| name == path)?.1;
    let at = text.find(before)? + before.len();
    let version = text[at..].split(['"', '-']).next()?;
    Some((text[..at].lines().count(), version))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files that agree on 1.2.3.
    fn agreeing() -> Vec<(String, String)> {
        let mut texts: Vec<(String, String)> = Vec::new();
        for (path, before) in [SOURCE].into_iter().chain(COPIES) {
            let entry = format!("{before}1.2.3\"\n");
            match texts.iter_mut().find(|(name, _)| name == path) {
                Some((_, text)) => text.push_str(&entry),
                None => texts.push((path.to_owned(), entry)),
            }
        }
        texts
    }

    #[test]
    fn a_copy_with_another_version_is_found() {
        let mut texts = agreeing();
        assert_eq!(check(&texts), []);
        let (path, text) = texts.iter_mut().find(|(path, _)| path == "sdk/js/package.json").expect("the file is there");
        *text = text.replace("1.2.3", "1.2.2");
        let expected = Finding::new(path, 2, "the version is 1.2.2, not the workspace's 1.2.3");
        assert_eq!(check(&texts), [expected]);
    }

    #[test]
    fn a_copy_without_a_version_is_found() {
        let mut texts = agreeing();
        texts.retain(|(path, _)| path != "sdk/python/pyproject.toml");
        assert_eq!(check(&texts).len(), 1);
    }
}
