//! Rules of style and structure, as checks.

mod circles;
mod exports;
mod flags;
mod headers;
mod layers;
mod leaks;
mod modules;
mod names;
mod pages;
mod paths;
mod prose;
mod scan;
mod sizes;
mod sleeps;
mod source;
mod test_names;
mod trees;
mod unsafes;
mod unwraps;
mod versions;
mod wording;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::command::{command, output};
use crate::step::{Check, Context, Trouble};
use source::Source;

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Runs every rule over the files that git tracks, and those it would track.
pub(crate) fn check(context: &Context) -> Check {
    let root = &context.places.root;
    let texts = texts(root)?;
    let sources: Vec<Source> = texts
        .iter()
        .filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "rs"))
        .map(|(path, text)| Source::new(path, text))
        .collect();
    let mut findings = findings(&texts, &sources);
    findings.extend(trees::check(root)?);
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for finding in &findings {
        println!("{finding}");
    }
    println!("{} Rust files, {} text files, {} findings", sources.len(), texts.len(), findings.len());
    println!("{}", sizes::statistics(&sources));
    match findings.first() {
        None => Ok(()),
        Some(first) => Err(Trouble::failed(format!("{} findings, the first: {first}", findings.len()))),
    }
}

fn findings(texts: &[(String, String)], sources: &[Source]) -> Vec<Finding> {
    let mut findings = leaks::check(texts);
    findings.extend(pages::check(texts));
    findings.extend(wording::check(texts));
    findings.extend(versions::check(texts));
    findings.extend(sleeps::in_scripts(texts));
    let rules = [
        headers::check,
        circles::check,
        flags::check,
        sizes::check,
        unwraps::check,
        sleeps::in_rust,
        layers::check,
        names::check,
        exports::check,
        unsafes::check,
        test_names::check,
    ];
    for rule in rules {
        findings.extend(rule(sources));
    }
    findings
}

/// A copy of other people's code, which keeps its own style.
const FOREIGN: &str = "sdk/js/engine/ffi/src/";

/// The text files of a checkout by their paths in it. Files that are not UTF-8 are left out.
fn texts(root: &Path) -> Result<Vec<(String, String)>, Trouble> {
    let mut list = command("git", root);
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listing = output(&mut list)?;
    let paths = listing.split('\0').filter(|path| !path.is_empty() && !path.starts_with(FOREIGN));
    Ok(paths.filter_map(|path| Some((path.to_owned(), fs::read_to_string(root.join(path)).ok()?))).collect())
}
