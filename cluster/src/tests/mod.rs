//! Tests of the rules.

mod encoding;
mod rules;
mod simulation;
