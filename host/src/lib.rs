//! x
#[allow(unused)] mod types;
