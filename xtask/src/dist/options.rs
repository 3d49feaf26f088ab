//! The command line of `cargo xtask dist`.

use std::path::PathBuf;

/// The help text, also printed for arguments that are not understood.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask dist [OPTIONS]

Builds the command in the profile `dist`, and makes packages of it: an archive, a Debian package, a wheel and two npm
packages, with the manual page, completions, the licences of all crates and an SBOM. SHA256SUMS lists them.
The time in them is SOURCE_DATE_EPOCH, or that of the last commit: the same sources make the same packages.

Options:
  --target TRIPLE   build for another machine (a linker for it must be set up): x86_64 or aarch64, with
                    -unknown-linux-gnu, -unknown-linux-musl or -apple-darwin
  --binary FILE     package this binary, which is built already for the target
  --licences-of-engine    only write the licences of the crates in the engine of guests in JavaScript, after building it
  --out DIR         write the packages there (target/distribution); the npm package `ws-host` depends on the
                    packages for all machines that are there";

/// The parsed command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The target's triple. By default that of this machine.
    pub(crate) target: Option<String>,
    /// A binary that is built already.
    pub(crate) binary: Option<PathBuf>,
    /// The folder for the packages.
    pub(crate) out: Option<PathBuf>,
    /// Whether to write the licences of the engine's crates, and nothing else.
    pub(crate) licences_of_engine: bool,
}

impl Options {
    /// Parses the arguments behind `dist`. `None` asks for help.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} takes a value"));
            match arg.as_str() {
                "--target" => options.target = Some(value()?),
                "--binary" => options.binary = Some(value()?.into()),
                "--out" => options.out = Some(value()?.into()),
                "--licences-of-engine" => options.licences_of_engine = true,
                "-h" | "--help" => return Ok(None),
                other => return Err(format!("there is no option `{other}`")),
            }
        }
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_target_the_binary_and_the_folder_are_taken() {
        let all = Options {
            target: Some("a-b-c".to_owned()),
            binary: Some("x/ws-host".into()),
            out: Some("y".into()),
            ..Options::default()
        };
        assert_eq!(parse("--target a-b-c --binary x/ws-host --out y"), Ok(Some(all)));
        assert_eq!(parse(""), Ok(Some(Options::default())));
        assert_eq!(parse("--help"), Ok(None));
    }

    #[test]
    fn an_error_names_the_argument() {
        assert_eq!(parse("--out"), Err("--out takes a value".to_owned()));
        assert_eq!(parse("deb"), Err("there is no option `deb`".to_owned()));
    }
}
