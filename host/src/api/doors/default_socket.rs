//! The path of a server's socket by its port.

use std::path::PathBuf;

/// The default path of the socket of the server on this port: a file in the user's runtime folder.
pub fn default_socket(port: u16) -> PathBuf {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
    let folder = folder.map_or_else(
        || std::env::temp_dir().join(format!("ws-host-{}", rustix::process::getuid().as_raw())),
        |folder| PathBuf::from(folder).join("ws-host"),
    );
    folder.join(format!("{port}.sock"))
}
