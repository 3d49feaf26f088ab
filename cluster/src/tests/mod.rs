//! Tests of the rules.

mod encoding;
mod leases;
mod releases;
mod rules;
mod simulation;
