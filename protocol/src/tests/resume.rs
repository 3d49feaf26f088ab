//! The rules of resumed sessions, and what holds under any pattern of cuts.

mod rules;
mod simulation;
mod wire;
mod world;
