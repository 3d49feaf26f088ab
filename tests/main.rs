//! The integration tests: the whole, guests included. They are one binary, since each binary links Wasmtime.
//!
//! `cargo test --workspace --test integration gate::` runs the tests of one file. Tests with very many clients or bytes are in
//! `crowds.rs`.

mod admin;
mod admission;
mod bench_command;
mod cache;
mod certificates;
mod chats;
mod command_line;
mod compression;
mod config_file;
mod conformance;
mod dev;
mod effects;
mod embedding;
mod env;
mod examples;
mod frames;
mod gate;
mod guide;
mod half_closed;
mod hostile;
mod http;
mod javascript;
mod keepalive;
mod limits;
mod listening;
mod log;
mod manual;
mod membership;
mod mistakes;
mod model;
mod native;
mod new;
mod python;
mod requests;
mod rooms;
mod shutdown;
mod slow_readers;
mod support;
mod swap;
mod syscalls;
mod tls;
mod tls_alerts;
mod watch;
