//! The place that guest projects get their SDK from.

/// A place for SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Files of this binary, copied to the project's folder `vendor`.
    Vendored,
    /// The registry of the project's language.
    #[cfg_attr(not(test), expect(dead_code, reason = "nothing is published yet"))]
    Published,
}

/// The place of this release's SDKs. The release that publishes them changes it.
pub const SOURCE: Source = Source::Vendored;

/// The package of the SDK for Python, as pip takes it: this release, or a later one that fits.
pub const PYTHON_REQUIREMENT: &str = concat!("ws-host-guest~=", env!("CARGO_PKG_VERSION"));
