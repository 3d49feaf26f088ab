//! The project's dependencies.

use crate::command::run;
use crate::step::{Check, Context};
use crate::toolbox::{DENY, cargo_tool};

/// Each licence and source of a dependency is allowed by deny.toml.
pub(crate) fn deny(context: &Context) -> Check {
    let places = &context.places;
    let deny = cargo_tool(&DENY, places)?;
    run(&mut deny("deny --log-level error check licenses bans sources", &places.root))
}
