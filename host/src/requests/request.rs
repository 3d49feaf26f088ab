//! A plain HTTP request, as an app sees it.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::types::Request;

/// A plain HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingRequest {
    /// The address it comes from.
    pub address: SocketAddr,
    /// The method, such as `GET`.
    pub method: String,
    /// Path, query and headers.
    pub request: Request,
    /// The body, whole.
    pub body: Bytes,
}

impl IncomingRequest {
    /// The size of its contents in bytes, as far as a mailbox counts it.
    pub(crate) fn bytes(&self) -> usize {
        self.method.len() + self.request.bytes() + self.body.len()
    }
}
