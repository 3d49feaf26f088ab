//! The heading of options that several files share.

/// The heading, in the help, of the options that every command has.
pub const EVERYWHERE: &str = "Options of all commands";
