//! An SDK of the project that is older than this command.

use std::path::Path;
use std::process::ExitStatus;

use crate::sdk::{SOURCE, Source};

/// The exit code of the SDKs' commands for arguments that they do not know. This command passes them, so it is newer.
const UNKNOWN_ARGUMENTS: i32 = 2;

/// The line about a build that failed with these diagnostics of the SDK.
pub(super) fn line(dir: &Path, status: ExitStatus, diagnostics: &str) -> String {
    let dir = dir.display();
    // Python's argparse, and `parseArgs` of Node.js.
    let is_told = ["unrecognized arguments: --", "Unknown option '--"].iter().any(|told| diagnostics.contains(told));
    if status.code() == Some(UNKNOWN_ARGUMENTS) && is_told {
        let version = env!("CARGO_PKG_VERSION");
        let place = match SOURCE {
            Source::Vendored => ": a new project (`ws-host new`) has it in vendor/ws-host-guest",
            Source::Published => ", by pip or npm",
        };
        return format!(
            "{dir} did not build: its package ws-host-guest is older than this ws-host. Install that of {version}{place}"
        );
    }
    format!("{dir} did not build (see above)")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn an_sdk_that_does_not_know_the_arguments_is_named_with_the_version_to_install() {
        let told = |code: i32, diagnostics| line(Path::new("chat"), ExitStatus::from_raw(code << 8), diagnostics);
        for diagnostics in [
            "usage: ..\npython -m ws_host_guest: error: unrecognized arguments: --quickly\n",
            "ws-host-guest: Unknown option '--cache'. To specify a positional argument starting with a '-', ..\n",
        ] {
            let line = told(2, diagnostics);
            assert!(
                line.starts_with("chat did not build: its package ws-host-guest is older than this ws-host. Install that of ")
            );
            assert_eq!(told(1, diagnostics), "chat did not build (see above)");
        }
        assert_eq!(told(2, "app.py: boom\n"), "chat did not build (see above)");
    }
}
