//! The rules of the front door, compiled from the host's sources.

#[path = "../../host/src/front/authority.rs"]
pub mod authority;
#[path = "../../host/src/front/extensions.rs"]
pub mod extensions;
#[path = "../../host/src/front/host_header.rs"]
pub mod host_header;
#[path = "../../host/src/front/origin.rs"]
pub mod origin;
#[path = "../../host/src/path.rs"]
pub mod path;
#[path = "../../host/src/front/reply.rs"]
pub mod reply;
/// The body of a reply, which no room answers here.
pub mod reply_body {
    /// It is whole.
    pub type ReplyBody = http_body_util::Full<bytes::Bytes>;
}
#[path = "../../host/src/front/upgrade.rs"]
pub mod upgrade;
