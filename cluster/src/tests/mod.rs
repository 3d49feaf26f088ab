//! Tests of the rules.

mod directory;
mod edges;
mod encoding;
mod leases;
mod newer;
mod releases;
mod rules;
mod simulation;
