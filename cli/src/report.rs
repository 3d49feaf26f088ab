//! The report of an error: one line on stderr, and the exit code.

use std::io::Write;
use std::process::ExitCode;

use crate::data::BadResult;
use crate::explain::in_one_line;
use crate::inspect::NotRunnable;
use crate::remote::Refused;
use crate::succession::{EndedInVain, NobodyServes};
use crate::test::Failed;

/// The exit code for a mistake of the user: a file, a flag, an address. clap uses the same.
const USAGE: u8 = 2;
/// The exit code when the command worked and its result is bad: a refusal of a running server, a failed dialogue, a component that
/// cannot run, a damaged database, a process that could not take over. A service manager may try again.
const REFUSED: u8 = 1;

/// Writes an error to stderr in one line. Returns its exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // A closed stderr is ignored: the error can go nowhere else.
    let _ = writeln!(std::io::stderr(), "ws-host: {}", in_one_line(error));
    let is_refused = error.is::<Refused>() || error.is::<Failed>() || error.is::<NotRunnable>() || error.is::<BadResult>();
    let is_vain = error.is::<EndedInVain>() || error.is::<NobodyServes>();
    ExitCode::from(if is_refused || is_vain { REFUSED } else { USAGE })
}
