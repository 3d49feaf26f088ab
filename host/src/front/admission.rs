//! Whether there is room for another connection or client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use super::permits::{Permits, Share};
use super::upgrade::Refusal;
use crate::log::LogThrottle;
use crate::refusal::Reason;

/// The limits on connections, and the owner's switch for new clients.
#[derive(Debug)]
pub struct Admission {
    /// False between `Handle::deny_new_clients` and `Handle::allow_new_clients`.
    admitting: Arc<AtomicBool>,
    permits: Permits,
    refused: LogThrottle,
}

impl Admission {
    /// Admits new clients while `admitting` is true and there are permits.
    pub fn new(admitting: Arc<AtomicBool>, permits: Permits) -> Self {
        Self { admitting, permits, refused: LogThrottle::one("refused connections") }
    }

    /// Changes how many connections there may be, in all and from one address.
    pub fn resize(&self, all: usize, per_address: Option<usize>) {
        self.permits.resize(all, per_address);
    }

    /// The permit of one connection.
    ///
    /// # Errors
    /// 503: the server has all the connections that it may have.
    pub fn permit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        self.permits.take().ok_or_else(|| Refusal::too_many(Reason::Connections))
    }

    /// One of the connections that this address may have.
    ///
    /// # Errors
    /// 429: this address is at its limit.
    pub fn share(&self, address: SocketAddr) -> Result<Share, Refusal> {
        self.permits.share(address.ip()).ok_or_else(|| Refusal::too_many(Reason::Address))
    }

    /// Checks the owner's switch.
    ///
    /// # Errors
    /// 503: the owner denies new clients.
    pub fn check_open(&self) -> Result<(), Refusal> {
        let closed = || Refusal::of(Reason::Denied, "no new clients are admitted for now");
        self.admitting.load(Relaxed).then_some(()).ok_or_else(closed)
    }

    /// Logs that a connection exceeded a limit, at a bounded rate.
    pub fn log_refused(&self, address: SocketAddr, refusal: &Refusal) {
        if let Some(more) = self.refused.allows(Instant::now()) {
            tracing::warn!(%address, "refused with {}: {}{more}", refusal.status.as_u16(), refusal.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SocketAddr {
        "203.0.113.5:4711".parse().expect("the test's address is valid")
    }

    #[test]
    fn a_server_without_permits_answers_503_and_an_address_without_shares_429() {
        let admission = Admission::new(Arc::new(AtomicBool::new(true)), Permits::new(1, Some(1)));
        let (_permit, _share) = (admission.permit().expect("one is free"), admission.share(address()).expect("one is free"));
        assert_eq!(admission.permit().expect_err("all are taken").status.as_u16(), 503);
        assert_eq!(admission.share(address()).expect_err("all are taken").status.as_u16(), 429);
    }

    #[test]
    fn the_owner_can_close_the_server_for_new_clients() {
        let admitting = Arc::new(AtomicBool::new(true));
        let admission = Admission::new(Arc::clone(&admitting), Permits::new(1, None));
        assert_eq!(admission.check_open(), Ok(()));
        admitting.store(false, Relaxed);
        assert_eq!(admission.check_open().expect_err("it is closed").status.as_u16(), 503);
    }
}
