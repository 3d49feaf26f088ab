//! `ws-host inspect`: prints a component's exports and imports, with the capability that each import grants.

use std::path::PathBuf;

use clap::Args;
use ws_host::guest::{Engine, Report};

use crate::json::json;
use crate::output::print_lines;

/// `ws-host inspect`.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// The component
    pub file: PathBuf,
    /// Write JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// A component that this host cannot run, by its name. It leads to exit code 1.
#[derive(Debug, thiserror::Error)]
#[error("this host cannot run {0} (the report has the reason)")]
pub struct NotRunnable(String);

/// Prints the report on a component, as text or JSON.
///
/// # Errors
/// The file cannot be read or is not a component. If this host cannot run the component, the error behind the report is
/// [`NotRunnable`].
pub fn inspect(arguments: &InspectArguments) -> anyhow::Result<()> {
    let report = Report::of(&Engine::new()?, &arguments.file)?;
    let text = if arguments.json { json(&report)? } else { in_words(&report) };
    print_lines(&text)?;
    if report.runnable { Ok(()) } else { Err(NotRunnable(report.file).into()) }
}

fn in_words(report: &Report) -> String {
    let mut text =
        format!("{}: a component of {}, {} compiled\n", report.file, size(report.size_bytes), size(report.compiled_bytes));
    match &report.problem {
        None => text.push_str("This host can run it.\n"),
        Some(problem) => text.push_str(&format!("This host cannot run it: {problem}\n")),
    }
    text.push_str("\nExports:\n");
    for item in &report.exports {
        text.push_str(&format!("  {:<38} {}\n", item.name, item.functions.join(", ")));
    }
    text.push_str("\nImports, and what they let it do:\n");
    for import in &report.imports {
        let missing = if import.given { "" } else { " [MISSING]" };
        text.push_str(&format!("  {:<38} {}{missing}\n", import.item.name, import.capability));
    }
    text
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
