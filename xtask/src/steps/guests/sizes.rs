//! The sizes of components in the list of the example guests.

use std::fs;

use anyhow::Context as _;

use crate::places::Places;
use crate::step::{Check, Trouble};

const LIST: &str = "guest-examples/README.md";

/// How much a size may differ from the list's, in percent. Releases of the compiler change sizes a little.
const TOLERANCE: u64 = 5;

/// The list tells the size of each built component.
pub(super) fn are_told(places: &Places) -> Check {
    let list = fs::read_to_string(places.root.join(LIST)).with_context(|| format!("reading {LIST}"))?;
    let size = |name: &str| fs::metadata(places.guests().join(format!("{name}.wasm"))).ok().map(|file| file.len());
    let wrong = wrong(&list, size);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Trouble::failed(format!("{LIST} tells other sizes than those of the components: {}", wrong.join(", "))))
}

/// The guests in the list that have another size now.
fn wrong(list: &str, size: impl Fn(&str) -> Option<u64>) -> Vec<String> {
    let rows = list.lines().filter_map(|line| {
        let name = line.strip_prefix("| `")?.split_once('`')?.0;
        let told = line.trim_end_matches(['|', ' ']).rsplit("| ").next()?.split_once(' ')?.0.parse::<u64>().ok()?;
        Some((name, told * 1000, size(name)?))
    });
    let differ = rows.filter(|(_, told, size)| told.abs_diff(*size) * 100 > size * TOLERANCE);
    differ.map(|(name, told, size)| format!("{name} has {size} B, not {told}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_is_no_longer_true_is_found() {
        let list =
            "| guest | size |\n| `echo` | sends | 45 KB |\n| `lobby` | pairs | 76 KB |\n| `bot` | asks | 4.1 MB, 24 MB |\n";
        let size =
            |name: &str| [("echo", 45_170), ("lobby", 87_661)].into_iter().find(|(one, _)| *one == name).map(|(_, size)| size);
        assert_eq!(wrong(list, size), ["lobby has 87661 B, not 76000"]);
    }
}
