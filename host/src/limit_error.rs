//! Why limits are refused.

use std::fmt::Display;

/// Why limits are refused. Settings have the names of the fields of `Limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitError {
    /// The setting.
    pub setting: &'static str,
    /// The problem with it.
    pub problem: LimitProblem,
    /// The setting in words.
    noun: &'static str,
}

/// The problem with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitProblem {
    /// A number that must be at least 1 is 0.
    ZeroCount,
    /// A time that must be longer is 0.
    ZeroTime,
    /// It is below the least possible value.
    TooSmall {
        /// Its value.
        bytes: usize,
        /// The least possible value.
        least: usize,
    },
    /// It is above another setting that must not be smaller.
    Above {
        /// Its value.
        bytes: usize,
        /// The other setting.
        other: &'static str,
        /// The other setting's value.
        other_bytes: usize,
    },
    /// The instances would have more memory mappings than the kernel allows a process.
    TooManyMappings {
        /// Its value.
        count: usize,
        /// The largest value that fits.
        most: usize,
        /// The kernel's limit, `vm.max_map_count`.
        limit: usize,
        /// The limit that would do.
        needed: usize,
    },
}

impl LimitError {
    pub(crate) const fn new(noun: &'static str, setting: &'static str, problem: LimitProblem) -> Self {
        Self { setting, problem, noun }
    }

    /// The instances of `count` rooms do not fit. `mappings` are the kernel's limit, and the one that would do.
    pub(crate) fn too_many_rooms(count: usize, most: usize, (limit, needed): (usize, usize)) -> Self {
        let problem = LimitProblem::TooManyMappings { count, most, limit, needed };
        Self { noun: "the number of rooms", setting: "max_rooms", problem }
    }

    /// The error in one line, with each setting under the name that `name` gives it.
    pub fn describe<N: Display>(&self, name: impl Fn(&'static str) -> N) -> String {
        let (noun, setting) = (self.noun, name(self.setting));
        match self.problem {
            LimitProblem::ZeroCount => format!("{noun} ({setting}) must be 1 at least, not 0"),
            LimitProblem::ZeroTime => format!("{noun} ({setting}) must not be 0"),
            LimitProblem::TooSmall { bytes, least } => {
                format!("{noun} of {bytes} bytes ({setting}) is too small: {}KiB is the least", least >> 10)
            }
            LimitProblem::TooManyMappings { count, most, limit, needed } => format!(
                "{noun} ({setting}, {count}) is too large: {most} fit into the {limit} memory mappings that the kernel allows a process. \
                Lower {setting}, or raise the kernel's limit with `sysctl vm.max_map_count={needed}`"
            ),
            LimitProblem::Above { bytes, other, other_bytes } => {
                let other = name(other);
                format!(
                    "{noun} ({setting}, {bytes} bytes) is above the hard limit of an outbox ({other}, {other_bytes} bytes): \
                    raise {other} or lower {setting}"
                )
            }
        }
    }
}

impl std::error::Error for LimitError {}

impl Display for LimitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe(|setting| setting))
    }
}
