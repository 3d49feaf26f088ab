//! A Rust file, split into code for production and code for tests.

use super::scan::{blank, blank_literals, end_of_item};

/// A Rust file.
pub(super) struct Source {
    /// Its path in the checkout, with `/`.
    pub(super) path: String,
    /// Its text.
    pub(super) text: String,
    /// Its text, with the code for tests blanked.
    pub(super) without_tests: String,
    /// Its code, with comments and literals blanked.
    pub(super) code: String,
    /// The same, with the code for tests blanked.
    pub(super) production: String,
    /// The same, with all but the code for tests blanked.
    pub(super) tests: String,
}

impl Source {
    /// Splits a file.
    pub(super) fn new(path: &str, text: &str) -> Self {
        let code = blank_literals(text);
        let mut production = code.clone().into_bytes();
        let mut tests = code.clone().into_bytes();
        let mut without_tests = text.as_bytes().to_vec();
        let mut rest = 0;
        for (start, end) in test_parts(path, &code) {
            blank(&mut production[start..end]);
            blank(&mut without_tests[start..end]);
            blank(&mut tests[rest..start]);
            rest = end;
        }
        blank(&mut tests[rest..]);
        let text_of = |bytes| String::from_utf8(bytes).expect("items begin and end with ASCII characters");
        let (production, tests, without_tests) = (text_of(production), text_of(tests), text_of(without_tests));
        Self { path: path.to_owned(), text: text.to_owned(), without_tests, code, production, tests }
    }

    /// Its path relative to `dir`, or `None` if it is not below it.
    pub(super) fn below(&self, dir: &str) -> Option<&str> {
        self.path.strip_prefix(dir)?.strip_prefix('/')
    }

    /// The number of its lines.
    pub(super) fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

/// The ranges of a file that are for tests: all of it in a folder of tests or benches, else the items under `#[cfg(test)]`.
fn test_parts(path: &str, code: &str) -> Vec<(usize, usize)> {
    let mut places = path.trim_end_matches(".rs").split('/');
    if places.any(|place| matches!(place, "tests" | "benches")) {
        return vec![(0, code.len())];
    }
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let start = from + found;
        from = end_of_item(code, start + "#[cfg(test)]".len());
        parts.push((start, from));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squeeze(code: &str) -> String {
        code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn items_under_cfg_test_are_code_for_tests() {
        let text = "fn a() {} // fn b() {}\n#[cfg(test)]\nmod tests { fn c() {} }\nfn d() {}";
        let source = Source::new("host/src/x.rs", text);
        assert_eq!(squeeze(&source.production), "fn a() {} fn d() {}");
        assert_eq!(squeeze(&source.tests), "#[cfg(test)] mod tests { fn c() {} }");
    }

    #[test]
    fn a_file_among_tests_is_for_tests() {
        for path in ["host/tests/a.rs", "host/src/x/tests/a.rs", "host/src/x/tests.rs", "host/benches/a.rs"] {
            let source = Source::new(path, "fn a() {}");
            assert_eq!(squeeze(&source.production), "", "{path}");
            assert_eq!(source.tests, "fn a() {}", "{path}");
        }
    }
}
