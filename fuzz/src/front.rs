//! The rules of the front door, compiled from the host's sources.

#[path = "../../host/src/front/extensions.rs"]
pub mod extensions;
#[path = "../../host/src/front/origin.rs"]
pub mod origin;
#[path = "../../host/src/front/reply.rs"]
pub mod reply;
#[path = "../../host/src/front/upgrade.rs"]
pub mod upgrade;
