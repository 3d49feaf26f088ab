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
#[path = "../../host/src/front/upgrade.rs"]
pub mod upgrade;
