//! The licences of the crates in the engine of guests in JavaScript, which the package of their SDK carries beside it.

use std::fs;

use anyhow::Context as _;

use super::{crates, licences, read};
use crate::places::Places;
use crate::step::{Check, Trouble};

/// The file beside `engine.wasm`.
const FILE: &str = "sdk/js/THIRD-PARTY.txt";

const HEAD: &str = "engine.wasm contains the crates below, with QuickJS among them, and parts of the Rust standard library (MIT or Apache-2.0,\n\
    the Rust Project Developers). Each text is followed by the crates that come with it. The engine's own source is licensed as the\n\
    SDK is.\n";

/// Writes the file.
pub(super) fn write(places: &Places) -> Check {
    let file = places.root.join(FILE);
    fs::write(&file, text(places)?).with_context(|| format!("writing {}", file.display()))?;
    println!("{FILE} is written");
    Ok(())
}

/// Checks that the file is that of the engine's crates.
pub(crate) fn is_current(places: &Places) -> Check {
    if read(places, FILE)? == text(places)? {
        return Ok(());
    }
    Err(Trouble::failed(format!("{FILE} is not that of the engine's crates: run cargo xtask dist --licences-of-engine")))
}

fn text(places: &Places) -> Result<String, Trouble> {
    licences::text(HEAD, &crates::of_engine(places)?, &|file: &str| read(places, file))
}
