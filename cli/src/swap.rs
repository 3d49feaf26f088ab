//! Swaps the component of this process's own server.

use std::path::Path;

use ws_host::guest::sha256;
use ws_host::log::printable;
use ws_host::{Handle, file};

use crate::explain::in_flags;

/// Swaps to the component in `file` and logs the result.
///
/// # Errors
/// The new component is refused; the running release goes on.
pub async fn swap(file: &Path, handle: &Handle) -> Result<(), ws_host::Error> {
    let swapped = handle.swap(file).await;
    match &swapped {
        Ok(report) => {
            let clients: usize = report.rooms.iter().map(|room| room.clients).sum();
            let pause = report.rooms.iter().map(|room| room.pause_us).max().unwrap_or(0);
            let clients = count(clients, "client", "clients");
            let file = file.display().to_string();
            tracing::info!("swapped to {} with {clients} connected; the longest pause was {pause} us", printable(&file));
        }
        Err(error) => tracing::error!("not swapped: {}", printable(&in_flags(error))),
    }
    swapped.map(drop)
}

/// The hash of a component, if its file can be read.
pub fn hash(component: &Path) -> Option<String> {
    file::read(component, file::MAX_COMPONENT_BYTES).ok().map(|bytes| sha256(&bytes))
}

/// Formats a count with its noun in the singular or plural.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_client_takes_the_singular() {
        let clients = |number| count(number, "client is", "clients are");
        assert_eq!([clients(0), clients(1), clients(2)], ["0 clients are", "1 client is", "2 clients are"]);
    }
}
