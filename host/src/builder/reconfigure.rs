//! Settings for a server that runs already.

use super::Builder;
#[cfg(feature = "self-signed")]
use crate::config::TlsSource;
use crate::error::Error;
use crate::handle::Handle;

impl Builder {
    /// Has a running server take on those of these settings that can change meanwhile: allowed origins, trusted proxies, the numbers of connections in
    /// all, from an address and in a second, the times for handshakes and for a shutdown, the servers of HTTP requests, and for a server with TLS its
    /// certificates and the authorities of clients. All others stay without effect, and a self-signed certificate stays. Blocks while it reads files.
    ///
    /// # Errors
    /// A setting is wrong, and nothing has changed.
    pub fn reconfigure(mut self, server: &Handle) -> Result<(), Error> {
        #[cfg(feature = "self-signed")]
        if matches!(self.config.tls, Some(TlsSource::SelfSigned)) {
            self.tls = server.tls().cloned();
        }
        self.check()?;
        server.take_on(self.config, self.tls.as_deref())
    }
}
