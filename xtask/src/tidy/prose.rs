//! The prose of a file: the comments of code, or the text of a page.

use std::path::Path;

use super::scan::blank_literals;

/// Consecutive lines of prose, joined by spaces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Paragraph {
    /// Its text.
    pub(super) text: String,
    /// The line on which it begins, counted from 1.
    line: usize,
    /// The offsets of all lines but the first.
    breaks: Vec<usize>,
}

impl Paragraph {
    /// The line of the file that an offset into the text belongs to.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line + self.breaks.iter().filter(|start| **start <= offset).count()
    }
}

/// A kind of file with prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of it is prose, except code between fences.
    Page,
    /// Its comments are prose.
    Code,
}

impl Kind {
    /// The kind by the extension of a file's name, or `None` for a file without prose.
    pub(super) fn of(path: &str) -> Option<Self> {
        match Path::new(path).extension()?.to_str()? {
            "md" => Some(Self::Page),
            "rs" | "wit" | "py" | "js" | "mjs" | "ts" | "c" | "h" | "toml" | "sh" => Some(Self::Code),
            _ => None,
        }
    }
}

/// The paragraphs of a file.
pub(super) fn paragraphs(path: &str, text: &str) -> Vec<Paragraph> {
    let Some(kind) = Kind::of(path) else { return Vec::new() };
    let code = path.ends_with(".rs").then(|| blank_literals(text));
    let mut code = code.iter().flat_map(|code| code.lines());
    let mut within_fence = false;
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        let prose = match kind {
            Kind::Page => {
                let fence = line.trim_start().starts_with("```");
                within_fence ^= fence;
                if fence { "" } else { line.trim().trim_start_matches(['#', '-', '*', '>', ' ', '|']) }
            }
            Kind::Code => comment(line, code.next()).unwrap_or_default(),
        };
        if prose.is_empty() || within_fence {
            goes_on = false;
            continue;
        }
        match paragraphs.last_mut().filter(|_| goes_on) {
            Some(paragraph) => {
                paragraph.breaks.push(paragraph.text.len() + 1);
                paragraph.text.push(' ');
                paragraph.text.push_str(prose);
            }
            None => paragraphs.push(Paragraph { text: prose.to_owned(), line: index + 1, breaks: Vec::new() }),
        }
        goes_on = true;
    }
    paragraphs
}

/// The text of the comment on a line. `code` is the line without comments and literals, where these are known.
fn comment<'a>(line: &'a str, code: Option<&str>) -> Option<&'a str> {
    const MARKS: [&str; 8] = ["///", "//!", "//", "/**", "/*", "* ", "# ", "\"\"\""];
    let start = match code {
        // Behind the start of a comment, the code has only blanks. A string with slashes looks the same.
        Some(code) => {
            let start = line.match_indices("//").find(|(at, _)| code[*at..].trim().is_empty() && !is_in_string(line, *at))?.0;
            &line[start..]
        }
        None => {
            let line = line.trim_start();
            let trailing = || line.find(" // ").or_else(|| line.find(" /* ")).map(|at| &line[at + 1..]);
            if MARKS.iter().any(|mark| line.starts_with(mark)) { line } else { trailing()? }
        }
    };
    let text = MARKS.iter().find_map(|mark| start.strip_prefix(mark)).unwrap_or(start);
    Some(text.trim().trim_end_matches("*/").trim())
}

/// Whether an odd number of quotes stands before an offset.
fn is_in_string(line: &str, at: usize) -> bool {
    line[..at].replace("\\\"", "").matches('"').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        paragraphs(path, text).into_iter().map(|paragraph| paragraph.text).collect()
    }

    #[test]
    fn comments_of_code_are_prose() {
        let text = "//! A file\n//! of two lines.\n\nfn f() { \"https://a\" } // Behind.\n/// Before.\nlet a = \"// b\";";
        assert_eq!(texts("a.rs", text), ["A file of two lines.", "Behind. Before."]);
        assert_eq!(texts("a.py", "\"\"\"A module.\"\"\"\nx = 1\n# A line.\n"), ["A module.\"\"\"", "A line."]);
        assert_eq!(texts("a.c", "/* A line. */\nint x; /* Behind. */\n"), ["A line. Behind."]);
        assert_eq!(texts("a.json", "// A line."), [""; 0]);
    }

    #[test]
    fn a_page_is_prose_but_for_its_code() {
        assert_eq!(texts("a.md", "# Title\n\nA line\nand another.\n```sh\ncode\n```\n"), ["Title", "A line and another."]);
    }

    #[test]
    fn a_paragraph_knows_its_lines() {
        let paragraphs = paragraphs("a.rs", "\n// One two\n// three.\n");
        assert_eq!(paragraphs[0].line_of(4), 2);
        assert_eq!(paragraphs[0].line_of(8), 3);
    }
}
