//! Tests of the rules.

mod encoding;
mod releases;
mod rules;
mod simulation;
