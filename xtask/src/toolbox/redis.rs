//! Redis, beside which clusters are measured.

use super::{apt, on_path};
use crate::step::Check;

/// Makes sure that `redis-server` is on the PATH. As root, installs Debian's package otherwise.
pub(crate) fn redis_server() -> Check {
    if on_path(&["redis-server"]).is_some() { Ok(()) } else { apt::install(&["redis-server"]) }
}
