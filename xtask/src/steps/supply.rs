//! What the project depends on.

use crate::command::run;
use crate::step::{Check, Context};
use crate::toolbox::{DENY, cargo_tool};

/// Licences, duplicate versions and sources are as deny.toml allows.
pub(crate) fn deny(context: &Context) -> Check {
    let places = &context.places;
    let deny = cargo_tool(&DENY, places)?;
    run(&mut deny("deny --log-level error check licenses bans sources", &places.root))
}
