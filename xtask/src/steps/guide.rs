//! The guide as a book.

use anyhow::Context as _;

use crate::command::command;
use crate::step::{Check, Context, Trouble};
use crate::toolbox::python_packages;

/// mdBook builds the guide without warnings, which would not make it fail by themselves. It is installed from a Python package,
/// since compiling it takes minutes.
pub(crate) fn build(context: &Context) -> Check {
    let places = &context.places;
    let guide = places.root.join("docs/guide");
    let python = python_packages(places, "guide-python", &guide.join("requirements.txt"))?;
    let mut mdbook = command(python.with_file_name("mdbook"), &guide);
    // Either could silence the warnings.
    mdbook.arg("build").env_remove("RUST_LOG").env_remove("MDBOOK_LOG");
    let built = mdbook.output().context("mdbook does not start")?;
    let said = String::from_utf8_lossy(&built.stderr);
    if !built.status.success() || said.contains("WARN") || said.contains("ERROR") {
        return Err(Trouble::failed(format!("the guide does not build cleanly:\n{}", said.trim())));
    }
    println!("the guide is at {}", guide.join("book/index.html").display());
    Ok(())
}
