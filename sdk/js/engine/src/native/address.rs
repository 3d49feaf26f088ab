//! URLs, by the URL Standard.

use url::{Url, quirks};

/// The parts of a URL in the order in which `url.js` reads them.
type Parts = Vec<String>;

/// Parses a URL, relative to another one if it is given. Returns its parts, or nothing for an invalid one.
pub(super) fn parse(input: String, base: Option<String>) -> Option<Parts> {
    let url = match base {
        Some(base) => Url::parse(&base).ok()?.join(&input).ok()?,
        None => Url::parse(&input).ok()?,
    };
    Some(parts(&url))
}

/// Changes a part of a URL. An invalid value changes nothing, as in browsers.
pub(super) fn change(href: String, part: String, value: String) -> Option<Parts> {
    let mut url = Url::parse(&href).ok()?;
    match part.as_str() {
        "protocol" => drop(quirks::set_protocol(&mut url, &value)),
        "username" => drop(quirks::set_username(&mut url, &value)),
        "password" => drop(quirks::set_password(&mut url, &value)),
        "host" => drop(quirks::set_host(&mut url, &value)),
        "hostname" => drop(quirks::set_hostname(&mut url, &value)),
        "port" => drop(quirks::set_port(&mut url, &value)),
        "pathname" => quirks::set_pathname(&mut url, &value),
        "search" => quirks::set_search(&mut url, &value),
        "hash" => quirks::set_hash(&mut url, &value),
        _ => return None,
    }
    Some(parts(&url))
}

fn parts(url: &Url) -> Parts {
    let one = |part: &str| part.to_owned();
    vec![
        one(quirks::href(url)),
        quirks::origin(url),
        one(quirks::protocol(url)),
        one(quirks::username(url)),
        one(quirks::password(url)),
        one(quirks::host(url)),
        one(quirks::hostname(url)),
        one(quirks::port(url)),
        one(quirks::pathname(url)),
        one(quirks::search(url)),
        one(quirks::hash(url)),
    ]
}
