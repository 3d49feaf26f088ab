//! The sockets that a service manager passes to the process when it starts it (sd_listen_fds(3)).

use std::env;

use listenfd::ListenFd;

use super::bound::Bound;
use super::given::Given;
use crate::error::Error;

/// Sockets that wait to be taken, each with its name.
#[derive(Debug, Default)]
pub struct Inherited {
    sockets: Vec<(String, Bound)>,
}

impl Inherited {
    /// All sockets that were passed to this process. They are passed once: a second call finds none.
    ///
    /// # Errors
    /// One of them is no stream socket.
    pub fn from_environment() -> Result<Self, Error> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':').map(ToOwned::to_owned);
        let mut passed = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..passed.len() {
            let name = names.next().unwrap_or_default();
            let socket = match passed.take_tcp_listener(index) {
                Ok(socket) => socket.map(Bound::Tcp),
                Err(_) => match passed.take_unix_listener(index) {
                    Ok(socket) => socket.map(|socket| Bound::Unix(socket, None)),
                    Err(_) => {
                        let what = format!("the socket {index} ({name:?}) is no stream socket of TCP or Unix");
                        return Err(Error::Inherited(format!("{what}. Use ListenStream= in the unit of the socket")));
                    }
                },
            };
            sockets.extend(socket.map(|socket| (name, socket)));
        }
        Ok(Self { sockets })
    }

    /// Takes the sockets of this name, or all that are left, with their names. A server that another one takes over has been given them by
    /// the service manager, and hands them over.
    ///
    /// # Errors
    /// There is no such socket.
    pub fn take(&mut self, name: Option<&str>, given: &mut Given) -> Result<Vec<(String, Bound)>, Error> {
        let is_meant = |(own, _): &mut (String, Bound)| name.is_none_or(|name| name == own);
        let mut taken: Vec<_> = self.sockets.extract_if(.., is_meant).collect();
        taken.extend(given.passed(name));
        if !taken.is_empty() {
            return Ok(taken);
        }
        let left: Vec<_> = self.sockets.iter().map(|(name, _)| format!("{name:?}")).collect();
        Err(Error::Inherited(match name {
            Some(name) if !left.is_empty() => format!("none has the name {name:?}. Those that are left: {}", left.join(", ")),
            _ => "a service manager passes it by LISTEN_FDS and LISTEN_PID, as a unit of systemd with Sockets= does".into(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn inherited(names: &[&str]) -> Inherited {
        let socket = |name: &&str| ((*name).to_owned(), Bound::Tcp(TcpListener::bind("127.0.0.1:0").expect("a free port")));
        Inherited { sockets: names.iter().map(socket).collect() }
    }

    #[test]
    fn sockets_are_taken_by_their_name_and_the_rest_without_one() {
        let (mut sockets, mut none) = (inherited(&["web", "api", "web", "more"]), Given::default());
        assert_eq!(sockets.take(Some("web"), &mut none).map(|taken| taken.len()).expect("two have the name"), 2);
        let error = sockets.take(Some("web"), &mut none).expect_err("they are taken").to_string();
        assert!(error.ends_with("none has the name \"web\". Those that are left: \"api\", \"more\""), "{error}");
        assert_eq!(sockets.take(None, &mut none).map(|taken| taken.len()).expect("two are left"), 2);
        assert!(sockets.take(None, &mut none).expect_err("none is left").to_string().contains("LISTEN_FDS"));
    }
}
