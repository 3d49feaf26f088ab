//! The settings for where a server listens, and what it speaks there.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Builder, parse_pattern};
use crate::api::takeover::Taking;
use crate::config::{CertificateFiles, ClientCertificates, Listen, TlsSource};
use crate::error::Error;
use crate::fetch::Outlet;
use crate::front::{Files, Given, Listener, OriginPolicy, Proxies, Tls};
use crate::listen::Purpose;

impl Builder {
    /// The TCP port, 13254 by default. With 0 the system chooses one, and `Server::local_addr` returns it.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.config.port = port;
        self
    }

    /// The host name or address to listen on: all addresses of a name. By default `localhost`, which is reachable from this
    /// machine alone, at `127.0.0.1` and `::1`; `0.0.0.0` or `::` opens the server to the network.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.config.host = host.into();
        self
    }

    /// One more place to listen at, in place of host and port. These stay if all places only redirect.
    #[must_use]
    pub fn listen_on(mut self, place: Listen) -> Self {
        self.places.push(place);
        self
    }

    /// One more listener of the caller's own, in place of host and port. The same as `listen_on(listener.into())`.
    #[must_use]
    pub fn listener(self, listener: TcpListener) -> Self {
        self.listen_on(listener.into())
    }

    /// Trusts the `X-Forwarded-For` of one more proxy, an address or a network such as `10.0.0.0/8`, or `unix` for
    /// all that connect by a Unix socket. Its entry is then the client's address. Nobody else's header counts.
    #[must_use]
    pub fn trusted_proxy(mut self, proxy: impl Into<String>) -> Self {
        self.config.trusted_proxies.push(proxy.into());
        self
    }

    /// Whether connections from trusted proxies begin with a header of the PROXY protocol, version 1 or 2. Not by default.
    #[must_use]
    pub fn proxy_protocol(mut self, proxy_protocol: bool) -> Self {
        self.config.proxy_protocol = proxy_protocol;
        self
    }

    /// Serves `https://` and `wss://` only, with the certificate (best with its whole chain) and the private key in these PEM
    /// files. `Handle::reload_tls` loads them again. Each further call adds a certificate for its own names (SNI); the first one is the default.
    #[must_use]
    pub fn tls(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        let files = CertificateFiles { certificate: certificate.into(), key: key.into() };
        match &mut self.config.tls {
            Some(TlsSource::Files(all)) => all.push(files),
            other => *other = Some(TlsSource::Files(vec![files])),
        }
        self
    }

    /// The same for development, with a certificate made at the start for `localhost`, `127.0.0.1` and `::1`. Browsers warn
    /// of it.
    #[cfg(feature = "self-signed")]
    #[must_use]
    pub fn self_signed_tls(mut self) -> Self {
        self.config.tls = Some(TlsSource::SelfSigned);
        self
    }

    /// Asks clients for a certificate that an authority in this PEM file has issued, and refuses those without one unless they are `optional`. The
    /// request of a client that has shown one has its subject in the header `x-client-cert-subject`, which no client can set itself.
    #[must_use]
    pub fn tls_client_authorities(mut self, file: impl Into<PathBuf>, optional: bool) -> Self {
        self.config.tls_clients = Some(ClientCertificates { authorities: file.into(), required: !optional });
        self
    }

    /// Checks the settings, loads the certificate and listens, before the app is there. [`Builder::build`] does so itself. This is for a caller
    /// that takes long to make the app: a mistake or a port in use is told at once, and connections wait meanwhile.
    ///
    /// # Errors
    /// A setting, the certificate or the address cannot be used. Each error says in one line what to do.
    pub fn listen(mut self) -> Result<Self, Error> {
        match self.open() {
            Ok(()) => Ok(self),
            Err(error) => Err(Taking::give_up(self.taking.take(), error)),
        }
    }

    fn open(&mut self) -> Result<(), Error> {
        if let Some(ended) = self.taking.as_ref().and_then(Taking::ended) {
            // Their files may be others by now.
            (self.tls, self.outlet) = (ended.tls().cloned(), Some(Arc::clone(ended.outlet())));
        }
        self.check()?;
        if self.tracer.is_none() {
            self.tracer = self.start_tracer()?;
        }
        if self.listeners.is_empty() {
            let places = self.all_places();
            let mut none = Given::default();
            let given = self.taking.as_mut().map_or(&mut none, Taking::given);
            self.listeners = Listener::open_all(places, self.tls.is_some(), given)?;
        }
        if let Some(taking) = &mut self.taking {
            taking.close_rest();
        }
        Ok(())
    }

    /// Checks the settings, and loads the certificates.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        let config = &self.config;
        config.limits.clone().within_reach().check().map_err(Error::Limits)?;
        OriginPolicy::check(&config.allow_origins)?;
        Proxies::parse(&config.trusted_proxies)?;
        config.room_path.as_deref().map(parse_pattern).transpose()?;
        if let Some(folder) = &config.static_files {
            Files::check(folder, config.static_fallback.as_deref())?;
        }
        #[cfg(feature = "otlp")]
        config.traces.as_ref().map(|traces| traces.endpoint()).transpose()?;
        if self.outlet.is_none() {
            self.outlet = Some(Outlet::new(&config.outgoing, &config.limits.clone().within_reach())?);
        }
        self.check_cluster()?;
        if config.tls.is_none() && config.tls_clients.is_some() {
            return Err(Error::ClientsWithoutTls);
        }
        if self.tls.is_none() {
            let load = |source| Tls::load(source, config.tls_clients.clone());
            self.tls = config.tls.clone().map(load).transpose()?.map(Arc::new);
        }
        let announces = config.proxy_protocol || self.places.iter().any(|place| place.proxy_protocol);
        if config.trusted_proxies.is_empty() && announces {
            return Err(Error::NoTrustedProxy);
        }
        Ok(())
    }

    fn all_places(&mut self) -> Vec<Listen> {
        let config = &self.config;
        let mut places = std::mem::take(&mut self.places);
        if places.iter().all(|place| matches!(place.purpose, Purpose::Redirect(_))) {
            places.push(Listen::tcp(config.host.clone(), config.port));
        }
        for place in &mut places {
            place.proxy_protocol |= config.proxy_protocol;
        }
        places
    }
}

/// Whether only pages of this machine reach the server by themselves. One that has Unix sockets alone is reached through proxies.
pub(super) fn is_local(listeners: &[Listener]) -> bool {
    let mut reached = listeners.iter().filter_map(Listener::is_local).peekable();
    reached.peek().is_some() && reached.all(|is_local| is_local)
}
