//! The result of a command, on stdout.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Writes a result and the end of its last line.
///
/// # Errors
/// As for [`print()`].
pub fn print_lines(text: &str) -> anyhow::Result<()> {
    print(format!("{}\n", text.trim_end()).as_bytes())
}

/// Writes a result. A reader that closes the pipe early, such as `head`, is no error.
///
/// # Errors
/// Stdout cannot be written.
pub fn print(text: &[u8]) -> anyhow::Result<()> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Returns the host and port for a browser on this machine. `localhost` stands for all of its addresses.
pub fn authority(host: Option<&str>, first: SocketAddr) -> String {
    if host.is_some_and(|host| host.eq_ignore_ascii_case("localhost")) {
        return format!("localhost:{}", first.port());
    }
    SocketAddr::new(reachable(first.ip()), first.port()).to_string()
}

/// Returns an address that a browser on this machine can open.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
