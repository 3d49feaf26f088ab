//! The compiler's WebAssembly targets.

use std::path::Path;

use crate::command::{command, or_missing, output, run};
use crate::places::Places;
use crate::step::Check;

/// The targets that guests are built for.
const TARGETS: [&str; 2] = ["wasm32-wasip2", "wasm32-wasip1"];

/// Adds the targets of guests to the toolchain by rustup, whose automatic installation may be off.
pub(crate) fn wasm_targets(places: &Places) -> Check {
    for target in TARGETS {
        let mut query = command("rustc", &places.root);
        query.args(["--print", "target-libdir", "--target", target]);
        if output(&mut query).is_ok_and(|folder| Path::new(folder.trim()).is_dir()) {
            continue;
        }
        let add = run(command("rustup", &places.root).args(["target", "add", target]));
        or_missing(add, &format!("the target {target} could not be added"))?;
    }
    Ok(())
}
