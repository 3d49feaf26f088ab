//! Shared by the integration tests: a running host, and clients with methods in the words of the domain.

#![allow(dead_code, unused_imports, reason = "each binary uses a part of it")]

pub mod client;
pub mod cluster;
pub mod collector;
pub mod deflate;
pub mod embedded;
pub mod guests;
pub mod host;
pub mod http;
pub mod memory;
pub mod namespace;
pub mod nats;
pub mod raw;
pub mod resuming;
pub mod swappable;
pub mod tls;
pub mod unsteady;
pub mod upstream;

pub use client::{Client, refusal};
pub use embedded::Embedded;
pub use guests::guest;
pub use host::{Host, command, fails, fails_with_log, open_many_files, signal, under_a_manager};
pub use memory::Memory;
pub use swappable::Swappable;
pub use upstream::{Asked, Upstream};
