//! The machine that a package is for.

/// A processor's architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Processor {
    X86,
    Arm,
}

/// An operating system, with its C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Gnu,
    Musl,
    MacOs,
}

/// A machine by its triple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) triple: String,
    processor: Processor,
    pub(super) system: System,
}

/// The words of a package.json that keep a package off other machines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NpmNames {
    pub(super) os: &'static str,
    pub(super) cpu: &'static str,
    /// The C library, where a system has several.
    pub(super) libc: Option<&'static str>,
}

impl NpmNames {
    /// The end of the package's name.
    pub(super) fn suffix(&self) -> String {
        let musl = if self.libc == Some("musl") { "-musl" } else { "" };
        format!("{}-{}{musl}", self.os, self.cpu)
    }
}

impl Target {
    /// The target of a triple that packages can be made for.
    pub(super) fn parse(triple: &str) -> Result<Self, String> {
        let (processor, system) = triple.split_once('-').unwrap_or_default();
        let processor = match processor {
            "x86_64" => Some(Processor::X86),
            "aarch64" => Some(Processor::Arm),
            _ => None,
        };
        let system = match system {
            "unknown-linux-gnu" => Some(System::Gnu),
            "unknown-linux-musl" => Some(System::Musl),
            "apple-darwin" => Some(System::MacOs),
            _ => None,
        };
        match (processor, system) {
            (Some(processor), Some(system)) => Ok(Self { triple: triple.to_owned(), processor, system }),
            _ => Err(format!("no kind of package has a name for `{triple}`: --help lists the targets")),
        }
    }

    /// The architecture as Debian calls it. Only Linux has a Debian package.
    pub(super) fn debian(&self) -> Option<&'static str> {
        let is_linux = self.system != System::MacOs;
        is_linux.then_some(match self.processor {
            Processor::X86 => "amd64",
            Processor::Arm => "arm64",
        })
    }

    /// The platform in the name of a wheel. `glibc` is the version that the binary needs; a binary without one is static.
    pub(super) fn wheel(&self, glibc: Option<(u32, u32)>) -> String {
        let linux = match self.processor {
            Processor::X86 => "x86_64",
            Processor::Arm => "aarch64",
        };
        match (self.system, glibc) {
            (System::Gnu | System::Musl, Some((major, minor))) => format!("manylinux_{major}_{minor}_{linux}"),
            // The oldest systems that Python's installers tell apart.
            (System::Gnu | System::Musl, None) => format!("manylinux_2_17_{linux}.musllinux_1_1_{linux}"),
            // The oldest macOS that Rust builds for.
            (System::MacOs, _) if self.processor == Processor::Arm => "macosx_11_0_arm64".to_owned(),
            (System::MacOs, _) => "macosx_10_12_x86_64".to_owned(),
        }
    }

    /// The words of npm.
    pub(super) fn npm(&self) -> NpmNames {
        NpmNames {
            os: if self.system == System::MacOs { "darwin" } else { "linux" },
            cpu: match self.processor {
                Processor::X86 => "x64",
                Processor::Arm => "arm64",
            },
            libc: match self.system {
                System::Gnu => Some("glibc"),
                System::Musl => Some("musl"),
                System::MacOs => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(triple: &str) -> Target {
        Target::parse(triple).expect("the triple has packages")
    }

    #[test]
    fn each_kind_of_package_has_its_own_name_for_a_machine() {
        let x86 = target("x86_64-unknown-linux-gnu");
        assert_eq!(x86.debian(), Some("amd64"));
        assert_eq!(x86.wheel(Some((2, 34))), "manylinux_2_34_x86_64");
        assert_eq!(x86.npm(), NpmNames { os: "linux", cpu: "x64", libc: Some("glibc") });
        let arm = target("aarch64-apple-darwin");
        assert_eq!((arm.debian(), arm.wheel(None).as_str()), (None, "macosx_11_0_arm64"));
        assert_eq!(arm.npm(), NpmNames { os: "darwin", cpu: "arm64", libc: None });
    }

    #[test]
    fn a_static_binary_is_for_every_linux() {
        let musl = target("aarch64-unknown-linux-musl");
        assert_eq!(musl.wheel(None), "manylinux_2_17_aarch64.musllinux_1_1_aarch64");
        assert_eq!((musl.debian(), musl.npm().suffix().as_str()), (Some("arm64"), "linux-arm64-musl"));
    }

    #[test]
    fn a_triple_without_packages_is_refused() {
        for triple in ["riscv64gc-unknown-linux-gnu", "x86_64-pc-windows-msvc", "x86_64"] {
            assert!(Target::parse(triple).expect_err(triple).contains(triple));
        }
    }
}
