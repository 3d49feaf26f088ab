//! The protocol's rules as tests, and the client that they share: it writes frames by hand, so that what
//! the codec formats is not what checks how it parses.

mod both_sides;
mod client;
mod closing;
mod control;
mod deflate;
mod differential;
mod encoding;
mod fragments;
mod headers;
mod limits;
mod memory;
mod pieces;
mod resume;
mod streams;
mod text;
