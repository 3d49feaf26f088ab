//! The libraries of the system that a binary needs.

use std::path::Path;

use crate::command::{command, output};
use crate::step::Trouble;

/// The libraries that every Linux system with glibc has: those of glibc itself, and the compiler's for unwinding.
const OF_EVERY_SYSTEM: [&str; 6] =
    ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libdl.so.2"];

/// The needs of a binary on a Linux system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needs {
    /// The oldest glibc that has all symbols that it uses. A static binary needs none.
    pub(super) glibc: Option<(u32, u32)>,
    /// Whether it uses the compiler's library for unwinding.
    pub(super) libgcc: bool,
}

impl Needs {
    /// Reads the dynamic section of an ELF file, by binutils' `readelf`, which comes with every C compiler.
    pub(super) fn of(binary: &Path) -> Result<Self, Trouble> {
        let mut readelf = command("readelf", Path::new("."));
        let text = output(readelf.args(["--wide", "--dynamic", "--version-info"]).arg(binary).env("LC_ALL", "C"))?;
        Self::read(&text).map_err(|what| Trouble::failed(format!("{}: {what}", binary.display())))
    }

    fn read(text: &str) -> Result<Self, String> {
        let libraries: Vec<_> = text
            .lines()
            .filter(|line| line.contains("(NEEDED)"))
            .filter_map(|line| line.split_once('[')?.1.strip_suffix(']'))
            .collect();
        if let Some(other) = libraries.iter().find(|library| !OF_EVERY_SYSTEM.contains(library)) {
            return Err(format!("it needs {other}, which not every system has: link it statically"));
        }
        let versions = text.split("Name: GLIBC_").skip(1).filter_map(|rest| version(rest.split_whitespace().next()?));
        Ok(Self { glibc: versions.max(), libgcc: libraries.contains(&"libgcc_s.so.1") })
    }
}

/// The version `2.34`. Symbols of the last part of `2.2.5` came with 2.2.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_symbol_tells_the_version() {
        let text = " 0x01 (NEEDED)  Shared library: [libgcc_s.so.1]\n 0x01 (NEEDED)  Shared library: [libc.so.6]\n\
                    0x0010:   Name: GLIBC_2.9  Flags: none  Version: 5\n  0x0020:   Name: GLIBC_2.34  Flags: none\n\
                    0x0030:   Name: GLIBC_2.2.5  Flags: none  Version: 3\n  0x0040:   Name: GCC_4.2.0  Flags: none\n";
        assert_eq!(Needs::read(text), Ok(Needs { glibc: Some((2, 34)), libgcc: true }));
    }

    #[test]
    fn a_static_binary_needs_nothing() {
        let text = "There is no dynamic section in this file.\nNo version information found in this file.\n";
        assert_eq!(Needs::read(text), Ok(Needs { glibc: None, libgcc: false }));
    }

    #[test]
    fn a_library_that_not_every_system_has_is_refused() {
        let problem = Needs::read(" 0x01 (NEEDED)  Shared library: [libssl.so.3]\n").expect_err("libssl is not everywhere");
        assert!(problem.contains("libssl.so.3"), "{problem}");
    }
}
