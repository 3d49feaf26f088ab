//! The certificate for the name that a client asks for (SNI, RFC 6066 §3).

use std::collections::HashMap;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::certificate::Certificate;

/// Certificates by their names.
#[derive(Debug)]
pub struct ByName {
    names: Names<Arc<CertifiedKey>>,
}

#[derive(Debug)]
struct Names<T> {
    by_name: HashMap<String, T>,
    /// For a client that asks for no name, or for an unknown one.
    first: Option<T>,
}

impl ByName {
    /// The first certificate is the default. Of several for one name, the first counts.
    pub fn new(certificates: Vec<Certificate>) -> Self {
        let certificates = certificates.into_iter().map(|certificate| (certificate.names, Arc::new(certificate.key)));
        Self { names: Names::new(certificates) }
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.names.find(hello.server_name()).cloned()
    }
}

impl<T: Clone> Names<T> {
    fn new(named: impl Iterator<Item = (Vec<String>, T)>) -> Self {
        let mut all = Self { by_name: HashMap::new(), first: None };
        for (names, value) in named {
            for name in names {
                all.by_name.entry(name).or_insert_with(|| value.clone());
            }
            all.first.get_or_insert(value);
        }
        all
    }

    fn find(&self, name: Option<&str>) -> Option<&T> {
        let known = name.and_then(|name| {
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            // The asterisk stands for one label (RFC 9525 §6.3).
            let above = || name.split_once('.').and_then(|(_, above)| self.by_name.get(&format!("*.{above}")));
            self.by_name.get(&name).or_else(above)
        });
        known.or(self.first.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_its_own_certificate_then_the_one_of_its_domain_then_the_first() {
        let named = [(vec!["first.example"], 1), (vec!["*.example", "b.example"], 2), (vec!["a.example", "b.example"], 3)];
        let names = named.map(|(names, value)| (names.into_iter().map(ToOwned::to_owned).collect(), value));
        let names = Names::new(names.into_iter());
        for (name, expected) in [
            (Some("a.example"), 3),
            (Some("A.Example."), 3),
            (Some("b.example"), 2),
            (Some("c.example"), 2),
            (Some("first.example"), 1),
            (Some("x.c.example"), 1),
            (Some("example"), 1),
            (Some("evil.test"), 1),
            (None, 1),
        ] {
            assert_eq!(names.find(name), Some(&expected), "{name:?}");
        }
    }
}
