//! No file names a folder of one machine or the host of a registry.

use super::Finding;

/// Folders of a particular machine, in two parts so that this file does not name them.
const FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Hosts of registries: they belong in a tool's own settings, not in a lock file or a script.
const HOSTS: [&str; 7] = [
    concat!("registry.", "npmjs.org"),
    concat!("pypi.", "org"),
    concat!("files.", "pythonhosted.org"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("deb.", "debian.org"),
    concat!("artifact", "ory"),
];

/// Lines that name a folder of one machine, the host of a registry or the address of a download.
pub(super) fn check(texts: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in texts {
        for (index, line) in text.lines().enumerate() {
            if let Some(what) = leak(path, line) {
                findings.push(Finding::new(path, index + 1, what));
            }
        }
    }
    findings
}

fn leak(path: &str, line: &str) -> Option<String> {
    if let Some(folder) = FOLDERS.iter().find(|folder| names_folder(line, folder)) {
        return Some(format!("`{folder}` is a folder of one machine"));
    }
    if let Some(host) = HOSTS.iter().find(|host| line.contains(*host)) {
        return Some(format!("`{host}` belongs in the settings of a tool"));
    }
    let locks_address = path.ends_with("package-lock.json") && line.trim_start().starts_with("\"resolved\"");
    locks_address.then(|| "a lock file names where a package was downloaded".to_owned())
}

/// Whether the line has a path that begins with the folder: `/x/y`, but not `a/x/y`.
fn names_folder(line: &str, folder: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | '~' | '*' | ')');
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(goes_on))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, line: &str) -> bool {
        !check(&[(path.to_owned(), line.to_owned())]).is_empty()
    }

    #[test]
    fn a_folder_of_one_machine_is_found() {
        for folder in FOLDERS {
            assert!(found("a.md", &format!("cd {folder}project")));
            assert!(found("a.md", &format!("{folder}project")));
            assert!(!found("a.md", &format!("cd project{folder}src")));
            assert!(!found("a.md", &format!("see https://example.com{folder}")));
        }
    }

    #[test]
    fn a_registry_host_is_found() {
        for host in HOSTS {
            assert!(found("a.txt", &format!("https://{host}/simple")));
        }
    }

    #[test]
    fn a_lock_file_with_a_download_address_is_found() {
        let line = "      \"resolved\": \"https://example.com/ws.tgz\",";
        assert!(found("tests/package-lock.json", line));
        assert!(!found("tests/other.json", line));
    }
}
