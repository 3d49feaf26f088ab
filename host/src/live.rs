//! The parts of a running server that take on other settings.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::config::{Config, Limits};
use crate::error::Error;
use crate::fetch::Outlet;
use crate::front::{Admission, OriginPolicy, Permits, Policy, Proxies, Rules, Tls, most_connections};

/// The parts whose settings can change while the server runs.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) policy: Arc<Policy>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) outlet: Arc<Outlet>,
}

impl Live {
    /// The parts of a server with these settings. `is_local` tells whether only pages of this machine reach it by themselves.
    ///
    /// # Errors
    /// A trusted proxy is wrong.
    pub(crate) fn new(
        config: &Config,
        limits: &Limits,
        (is_local, tls): (bool, Option<Arc<Tls>>),
        outlet: Arc<Outlet>,
        admitting: Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        let origins = OriginPolicy::new(config.allow_origins.clone(), is_local);
        let proxies = Proxies::parse(&config.trusted_proxies)?;
        let rules = Rules { origins, proxies, handshake_timeout: limits.handshake_timeout };
        let permits = Permits::new(most_connections(limits.max_connections), limits.max_per_address);
        let policy = Arc::new(Policy::new(rules, config.compression, tls));
        Ok(Self { policy, admission: Arc::new(Admission::new(admitting, permits)), outlet })
    }

    /// Takes on other settings, which are checked. A server without TLS stays without it.
    ///
    /// # Errors
    /// A setting is wrong, and nothing has changed.
    pub(crate) fn take_on(&self, config: Config, limits: &Limits, tls: Option<&Tls>) -> Result<(), Error> {
        let proxies = Proxies::parse(&config.trusted_proxies)?;
        self.outlet.replace(&config.outgoing)?;
        let handshake_timeout = limits.handshake_timeout;
        self.policy.replace(|rules| Rules { origins: rules.origins.with(config.allow_origins), proxies, handshake_timeout });
        self.admission.resize(most_connections(limits.max_connections), limits.max_per_address);
        if let (Some(own), Some(new)) = (&self.policy.tls, tls) {
            own.become_like(new);
        }
        Ok(())
    }
}
