//! The fuzz targets.

mod deflate_stream;
mod extension_negotiation;
mod frame_stream;
mod session_machine;
mod upgrade_request;

pub use deflate_stream::deflate_stream;
pub use extension_negotiation::extension_negotiation;
pub use frame_stream::frame_stream;
pub use session_machine::session_machine;
pub use upgrade_request::upgrade_request;

/// A target.
pub type Target = fn(&[u8]);

/// All targets by name. The corpus of a target has the same name.
pub const ALL: [(&str, Target); 5] = [
    ("frame_stream", frame_stream),
    ("session_machine", session_machine),
    ("upgrade_request", upgrade_request),
    ("deflate_stream", deflate_stream),
    ("extension_negotiation", extension_negotiation),
];
