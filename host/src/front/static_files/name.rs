//! The rule for paths that may name a file.

/// The one folder with a dot that is served: its names are meant for the public (RFC 8615 §3).
const WELL_KNOWN: &str = ".well-known";

/// Whether a path, in its normal form, may name a file or a folder. Names that begin with a dot are private, and encoded slashes, backslashes and
/// zero bytes belong to no name. An empty segment stands at the end alone: a redirect to `//host/` would lead to another host.
pub fn is_public(path: &str) -> bool {
    let Some(below) = path.strip_prefix('/') else { return false };
    let last = below.split('/').count() - 1;
    below.split('/').enumerate().all(|(at, name)| match name {
        "" => at == last,
        WELL_KNOWN => at == 0,
        name => !name.starts_with('.') && !["%2F", "%5C", "%00", "\\"].iter().any(|no| name.contains(no)),
    })
}

/// The path of a file in the folder, as a request names it.
pub fn path_of(file: &str) -> String {
    let mut path = String::from("/");
    for byte in file.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::normal;

    #[test]
    fn names_with_a_dot_in_front_are_private_except_the_well_known_ones() {
        for path in
            ["/", "/a", "/a/", "/a.b/c..d", "/.well-known/acme-challenge/x", "/.well-known/", "/caf%C3%A9", "/%252e%252e/x"]
        {
            assert!(is_public(&normal(path)), "{path}");
        }
        for path in [
            "/.env",
            "/.git/config",
            "/a/.b",
            "/a/.well-known/x",
            "/.well-known/.x",
            "/%2eenv",
            "/a/%2E%2e/b",
            "/..",
            "/a/../b",
            "/./a",
        ] {
            assert!(!is_public(&normal(path)), "{path}");
        }
    }

    #[test]
    fn no_encoding_and_no_empty_name_leads_elsewhere() {
        for path in [
            "//evil.example",
            "//evil.example/",
            "/a//b",
            "/a%2fb",
            "/a%2Fb",
            "/..%2fa",
            "/a%5cb",
            "/a\\b",
            "/..\\a",
            "/a%00",
            "*",
            "a",
            "",
        ] {
            assert!(!is_public(&normal(path)), "{path}");
        }
    }

    #[test]
    fn a_file_has_a_path_that_requests_can_have() {
        assert_eq!(path_of("index.html"), "/index.html");
        assert_eq!(path_of("/a b/caf\u{e9}?.html"), "/a%20b/caf%C3%A9%3F.html");
    }
}
