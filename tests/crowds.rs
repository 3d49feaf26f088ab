//! The integration tests with very many clients, connections or bytes.
//!
//! They have a process of their own, since they raise its limit of descriptors and would starve tests beside them.

mod floods;
mod flow;
mod network;
mod support;
