//! The listening sockets.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use super::given::Given;
use crate::error::Error;

/// Connections that wait in the kernel until they are accepted. The kernel's own limit (4,096 on Linux) counts if it is smaller.
const BACKLOG: i32 = 4096;
/// How often the system may choose a port for all addresses that is taken at one of them.
const MAX_CHOICES: usize = 16;

/// Listens on all addresses of a host name, or on one address, and a port. With port 0 the system chooses one for all of them. A socket that is
/// handed over goes on, with port 0 too if it has one of the addresses.
///
/// # Errors
/// The name does not resolve, one of its addresses cannot be listened on, or this machine has none of them.
pub fn listen_or_take(host: &str, port: u16, given: &mut Given) -> Result<Vec<TcpListener>, Error> {
    let addresses = resolve(host)?;
    let port = match port {
        0 => addresses.iter().find_map(|address| given.port(address.ip())).unwrap_or(0),
        port => port,
    };
    bind_all(&addresses, port, |address| match given.tcp(address) {
        Some(socket) => Ok((socket, address.port())),
        None => bind(address),
    })
}

/// Whether only this machine can reach a listener.
pub fn is_local(listener: &TcpListener) -> bool {
    listener.local_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback())
}

/// The addresses of a host name, in the resolver's order, or an address, perhaps in brackets as in a URL.
fn resolve(host: &str) -> Result<Vec<SocketAddr>, Error> {
    let name = host.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(host);
    // Both addresses, whatever the system's files say (RFC 6761 §6.3): browsers do not look there either.
    if name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case("localhost") {
        return Ok(vec![(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()]);
    }
    let resolve = |source| Error::Resolve { host: host.to_owned(), source };
    let mut addresses = Vec::new();
    for address in (name, 0).to_socket_addrs().map_err(resolve)? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(resolve(io::Error::other("it has no address"))) } else { Ok(addresses) }
}

/// Binds all addresses to one port. An address that this machine does not have is left out, if it has another one: without
/// IPv6, `localhost` is `127.0.0.1`.
fn bind_all<L>(
    addresses: &[SocketAddr],
    port: u16,
    mut bind: impl FnMut(SocketAddr) -> io::Result<(L, u16)>,
) -> Result<Vec<L>, Error> {
    let mut choices = 1;
    'choose: loop {
        let (mut listeners, mut chosen, mut missing) = (Vec::new(), port, None);
        for address in addresses {
            let mut address = *address;
            address.set_port(chosen);
            match bind(address) {
                Ok((listener, port)) => {
                    listeners.push(listener);
                    chosen = port;
                }
                Err(source) if is_missing(&source) => {
                    // A missing kind of addresses is explained as a missing address.
                    let source = ErrorKind::AddrNotAvailable.into();
                    missing = Some(Error::Bind { address: address.to_string(), source });
                }
                // Free at the address that chose it, and taken at this one.
                Err(source) if chosen != port && source.kind() == ErrorKind::AddrInUse && choices < MAX_CHOICES => {
                    choices += 1;
                    continue 'choose;
                }
                Err(source) => return Err(Error::Bind { address: address.to_string(), source }),
            }
        }
        return match missing {
            Some(error) if listeners.is_empty() => Err(error),
            missing => {
                missing.inspect(|error| tracing::debug!("not needed: {error}"));
                Ok(listeners)
            }
        };
    }
}

/// Whether the machine has no such address, or no such kind of addresses.
fn is_missing(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error())
}

/// A listening socket, with its port.
fn bind(address: SocketAddr) -> io::Result<(TcpListener, u16)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A server can restart at once, while old connections are still in TIME_WAIT.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        // All addresses of both kinds, whatever the system's default is. Without the option, it is that.
        let _ = socket.set_only_v6(false);
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from(socket);
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCALHOST: [&str; 2] = ["127.0.0.1:0", "[::1]:0"];

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().expect("the test's address is valid")).collect()
    }

    /// The bound addresses, on a machine where the system chooses ports from 50001 on and binding fails as told.
    fn bound(texts: &[&str], port: u16, fails: impl Fn(&str) -> Option<io::Error>) -> Result<Vec<String>, String> {
        let mut next = 50000;
        let bound = bind_all(&addresses(texts), port, |mut address| {
            if address.port() == 0 {
                next += 1;
                address.set_port(next);
            }
            let text = address.to_string();
            fails(&text).map_or(Ok((text, address.port())), Err)
        });
        bound.map_err(|error| error.to_string())
    }

    #[test]
    fn localhost_is_both_addresses_in_every_spelling() {
        for name in ["localhost", "LOCALHOST", "localhost."] {
            assert_eq!(resolve(name).expect("it resolves"), addresses(&LOCALHOST), "{name}");
        }
        assert_eq!(resolve("[::1]").expect("it resolves"), addresses(&["[::1]:0"]));
        assert!(matches!(resolve("name.invalid"), Err(Error::Resolve { .. })));
    }

    #[test]
    fn a_mapped_loopback_address_is_local() {
        let local = |host: &str| listen_or_take(host, 0, &mut Given::default()).map(|listeners| listeners.iter().all(is_local));
        assert!(matches!(local("localhost"), Ok(true)));
        assert!(matches!(local("0.0.0.0"), Ok(false)));
        // A machine without IPv6 has no such address.
        assert!(!matches!(local("::ffff:127.0.0.1"), Ok(false)));
    }

    #[test]
    fn all_addresses_get_the_port_that_the_system_chose_for_the_first() {
        assert_eq!(bound(&LOCALHOST, 0, |_| None), Ok(vec!["127.0.0.1:50001".into(), "[::1]:50001".into()]));
        assert_eq!(bound(&LOCALHOST, 80, |_| None), Ok(vec!["127.0.0.1:80".into(), "[::1]:80".into()]));
    }

    #[test]
    fn a_chosen_port_that_another_address_lacks_is_chosen_again_but_not_for_ever() {
        let taken = |address: &str| (address == "[::1]:50001").then(|| ErrorKind::AddrInUse.into());
        assert_eq!(bound(&LOCALHOST, 0, taken), Ok(vec!["127.0.0.1:50002".into(), "[::1]:50002".into()]));
        let never = |address: &str| address.starts_with('[').then(|| ErrorKind::AddrInUse.into());
        assert!(bound(&LOCALHOST, 0, never).expect_err("it gives up").contains("[::1]:50016: the port is in use"));
    }

    #[test]
    fn a_port_that_is_in_use_at_one_address_is_an_error() {
        let taken = |address: &str| (address == "[::1]:80").then(|| ErrorKind::AddrInUse.into());
        assert!(bound(&LOCALHOST, 80, taken).expect_err("a browser could reach the other program").contains("[::1]:80"));
    }

    #[test]
    fn an_address_that_the_machine_lacks_is_left_out() {
        let no_ipv6 = |address: &str| address.starts_with('[').then(|| io::Error::from(Errno::AFNOSUPPORT));
        assert_eq!(bound(&LOCALHOST, 0, no_ipv6), Ok(vec!["127.0.0.1:50001".into()]));
        let no_ipv4 = |address: &str| address.starts_with('1').then(|| ErrorKind::AddrNotAvailable.into());
        assert_eq!(bound(&LOCALHOST, 0, no_ipv4), Ok(vec!["[::1]:50002".into()]));
        for texts in [&LOCALHOST[..], &["[::]:80"]] {
            let none = |_: &str| Some(io::Error::from(Errno::AFNOSUPPORT));
            assert!(bound(texts, 0, none).expect_err("nothing is left").contains("this machine has no such address"));
        }
    }
}
