//! The rules for the `Host` of every request (RFC 9112 §3.2), as a function of the request.

use hyper::http::{StatusCode, Version, header, request::Parts};

use super::authority::Authority;
use super::upgrade::{Refusal, one};

/// Checks that the request names one valid host. Servers on the way that take it for different ones could be played off against
/// each other.
///
/// HTTP/1.0 may leave it out, as health checks do.
///
/// # Errors
/// 400: the header is missing, repeated or invalid. An empty one is invalid, since no URL of HTTP has an empty host (RFC 9110
/// §4.2.1).
pub fn check(request: &Parts) -> Result<(), Refusal> {
    let bad = |text: &str| Err(Refusal::new(StatusCode::BAD_REQUEST, text));
    one(&request.headers, &header::HOST)?;
    match request.headers.get(header::HOST) {
        None if request.version < Version::HTTP_11 => Ok(()),
        None => bad("the Host header is missing (RFC 9112 §3.2)"),
        Some(host) if host.to_str().is_ok_and(|host| Authority::parse(host).is_some()) => Ok(()),
        Some(_) => bad("the Host header is not a host with or without a port (RFC 9112 §3.2)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(version: Version, hosts: &[&str]) -> Option<u16> {
        let request = hyper::Request::builder().version(version).uri("/");
        let request = hosts.iter().fold(request, |request, host| request.header("Host", *host));
        let parts = request.body(()).expect("the test's request is valid").into_parts().0;
        check(&parts).err().map(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn a_request_names_one_valid_host() {
        assert_eq!(status(Version::HTTP_11, &["chat.example:443"]), None);
        for hosts in [&[][..], &["a", "a"], &["a", "b"], &[""], &["a b"], &["localhost/evil"], &["u@localhost"], &["caf\u{e9}"]] {
            assert_eq!(status(Version::HTTP_11, hosts), Some(400), "{hosts:?}");
        }
    }

    #[test]
    fn http_1_0_may_leave_it_out_but_not_get_it_wrong() {
        assert_eq!(status(Version::HTTP_10, &[]), None);
        assert_eq!(status(Version::HTTP_10, &["a"]), None);
        assert_eq!(status(Version::HTTP_10, &["a b"]), Some(400));
        assert_eq!(status(Version::HTTP_10, &["a", "a"]), Some(400));
    }
}
