//! A page of the guide: its text, and its blocks that the test runs or compares.

use std::fs;
use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the host is a folder of the project")
}

/// The folder of the guide's pages.
pub fn folder() -> PathBuf {
    root().join("docs/guide/src")
}

/// A page.
pub struct Page {
    /// Its path below the guide's folder: `swapping.md`, `reference/limits.md`.
    pub name: String,
    /// Its whole text.
    pub text: String,
}

/// A fenced block.
pub struct Block {
    /// The words behind the fence: `console test`.
    pub info: String,
    /// Its lines.
    pub text: String,
}

/// A command in a block, and its expected output.
pub struct Step {
    /// The command without the `$ `.
    pub command: String,
    /// The output line by line. `...` stands for anything.
    pub expected: Vec<String>,
}

impl Page {
    /// All pages, including `SUMMARY.md`.
    pub fn all() -> Vec<Self> {
        let mut pages = Self::below(&folder());
        pages.sort_by(|a, b| a.name.cmp(&b.name));
        pages
    }

    fn below(dir: &Path) -> Vec<Self> {
        let entries = fs::read_dir(dir).expect("the guide has a folder");
        let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
        let pages = |path: PathBuf| if path.is_dir() { Self::below(&path) } else { vec![Self::read(&folder(), &path)] };
        // Pictures lie beside them.
        paths.filter(|path| path.is_dir() || path.extension().is_some_and(|kind| kind == "md")).flat_map(pages).collect()
    }

    /// The page at a path, named by its path below `base`.
    pub fn read(base: &Path, path: &Path) -> Self {
        let name = path.strip_prefix(base).expect("the page lies below the folder").to_string_lossy().into_owned();
        Self { name, text: fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) }
    }

    /// The page of this name.
    pub fn named(name: &str) -> Self {
        Self::all().into_iter().find(|page| page.name == name).unwrap_or_else(|| panic!("there is a page {name}"))
    }

    /// Its fenced blocks.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = false;
        for line in self.text.lines() {
            match line.strip_prefix("```") {
                Some(_) if inside => inside = false,
                Some(info) => {
                    inside = true;
                    blocks.push(Block { info: info.to_owned(), text: String::new() });
                }
                None if inside => {
                    let block = blocks.last_mut().expect("a block has begun");
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                None => {}
            }
        }
        assert!(!inside, "{}: a block has no end", self.name);
        blocks
    }

    /// Its lines outside blocks.
    pub fn prose(&self) -> String {
        let mut inside = false;
        let outside = self.text.lines().filter(|line| {
            let fence = line.starts_with("```");
            inside ^= fence;
            !inside && !fence
        });
        outside.collect::<Vec<_>>().join("\n")
    }

    /// The targets of its links.
    pub fn links(&self) -> Vec<String> {
        let prose = self.prose();
        let behind = prose.split("](").skip(1);
        behind.map(|rest| rest.split(')').next().unwrap_or_default().to_owned()).collect()
    }
}

impl Block {
    /// The value of a word such as `file=chat/Cargo.toml`.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.words().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    /// Whether this word stands behind its fence.
    pub fn is(&self, kind: &str) -> bool {
        self.words().any(|word| word == kind)
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.info.split([' ', ','])
    }

    /// Its commands.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for line in self.text.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.to_owned(), expected: Vec::new() });
            } else if !line.is_empty() {
                let step = steps.last_mut().unwrap_or_else(|| panic!("a block begins with a command, not {line:?}"));
                step.expected.push(line.to_owned());
            }
        }
        steps
    }
}

/// The anchors of a page's headings, by the rules of forges and mdBook.
pub fn anchors(markdown: &str) -> Vec<String> {
    let page = Page { name: String::new(), text: markdown.to_owned() };
    let prose = page.prose();
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let slug = |heading: &str| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    headings.map(slug).collect()
}
