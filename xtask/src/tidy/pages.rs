//! The pages that a newcomer reads first stay short.

use super::Finding;

/// The pages and their greatest sizes in bytes.
const PAGES: [(&str, usize); 2] = [("README.md", 9 * 1024), ("ARCHITECTURE.md", 14 * 1024)];

/// Finds pages that are too long.
pub(super) fn check(texts: &[(String, String)]) -> Vec<Finding> {
    let long = |(path, text): &(String, String)| {
        let (_, most) = PAGES.iter().find(|(page, _)| page == path)?;
        (text.len() > *most).then(|| Finding::new(path, 1, format!("{} bytes, more than {most}", text.len())))
    };
    texts.iter().filter_map(long).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_page_is_found() {
        let page = |path: &str, bytes| check(&[(path.to_owned(), "a".repeat(bytes))]);
        assert_eq!(page("README.md", 9216), []);
        assert_eq!(page("README.md", 9217), [Finding::new("README.md", 1, "9217 bytes, more than 9216")]);
        assert_eq!(page("ARCHITECTURE.md", 14_337), [Finding::new("ARCHITECTURE.md", 1, "14337 bytes, more than 14336")]);
        assert_eq!(page("docs/decisions.md", 100_000), []);
    }
}
