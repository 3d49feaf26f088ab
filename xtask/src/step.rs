//! One named check.

use std::fmt::Display;

use crate::options::Options;
use crate::places::Places;

/// One named check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// A sentence on its check.
    pub(crate) what: &'static str,
    /// The steps whose results it uses.
    pub(crate) needs: &'static [&'static str],
    /// The check itself.
    pub(crate) run: fn(&Context) -> Check,
}

/// The options and folders that every step may use.
#[derive(Debug)]
pub(crate) struct Context {
    /// The command line.
    pub(crate) options: Options,
    /// The folders of this checkout.
    pub(crate) places: Places,
}

impl Context {
    /// The context of this checkout.
    pub(crate) fn new(options: Options) -> Self {
        Self { options, places: Places::find() }
    }
}

/// The outcome of a step.
pub(crate) type Check = Result<(), Trouble>;

/// Why a step did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It found something wrong.
    Failed(String),
    /// It could not run, because a tool or a result is missing.
    Missing(String),
}

impl Trouble {
    /// Something is wrong.
    pub(crate) fn failed(why: impl Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// A tool or a result is missing.
    pub(crate) fn missing(why: impl Display) -> Self {
        Self::Missing(why.to_string())
    }
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}
