//! The compiler's WebAssembly target.

use std::path::Path;

use crate::command::{command, or_missing, output, run};
use crate::places::Places;
use crate::step::Check;

/// The target that guests are built for.
const TARGET: &str = "wasm32-wasip2";

/// Adds the target of guests to the toolchain by rustup, whose automatic installation may be off.
pub(crate) fn wasm_target(places: &Places) -> Check {
    let mut query = command("rustc", &places.root);
    query.args(["--print", "target-libdir", "--target", TARGET]);
    if output(&mut query).is_ok_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Ok(());
    }
    let add = run(command("rustup", &places.root).args(["target", "add", TARGET]));
    or_missing(add, &format!("the target {TARGET} could not be added"))
}
