//! The negotiation of permessage-deflate (RFC 7692 §7.1), as a function of the request.

use hyper::http::HeaderMap;
use hyper::http::header::SEC_WEBSOCKET_EXTENSIONS;

use crate::config::Compression;
use crate::protocol::Agreement;

/// The extension's name.
const NAME: &str = "permessage-deflate";
/// The smallest window to agree on. The standard allows 2^8, which zlib cannot write; a server may decline it (RFC 7692
/// §7.1.2.1).
const SMALLEST_WINDOW: u8 = 9;

/// One element of a client's list of offers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    /// The largest window that the client can read.
    server_max_window_bits: Option<u8>,
    /// `Some` if the client accepts a window for itself, with the one that it keeps to anyway.
    client_max_window_bits: Option<Option<u8>>,
}

/// The first acceptable offer in the client's order, and the value of the answer's header.
pub fn negotiate(headers: &HeaderMap, compression: Compression) -> Option<(Agreement, String)> {
    if compression == Compression::Off {
        return None;
    }
    let values = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).into_iter().filter_map(|value| value.to_str().ok());
    let mut elements = values.flat_map(|value| split(value, ','));
    elements.find_map(|element| accept(&read(element)?, compression))
}

fn accept(offer: &Offer, compression: Compression) -> Option<(Agreement, String)> {
    if offer.server_max_window_bits.is_some_and(|bits| bits < SMALLEST_WINDOW) {
        return None;
    }
    let may_keep = compression == Compression::Dedicated;
    let agreement = Agreement {
        server_window: offer.server_max_window_bits.unwrap_or(15),
        server_takeover: may_keep && !offer.server_no_context_takeover,
        client_takeover: may_keep && !offer.client_no_context_takeover,
    };
    let mut answer = NAME.to_owned();
    if !agreement.server_takeover {
        answer.push_str("; server_no_context_takeover");
    }
    // A server may ask for this even if it was not offered (RFC 7692 §7.1.1.2).
    if !agreement.client_takeover {
        answer.push_str("; client_no_context_takeover");
    }
    if let Some(bits) = offer.server_max_window_bits {
        answer.push_str(&format!("; server_max_window_bits={bits}"));
    }
    // The client's own window is agreed on. The server never asks for a smaller one.
    if let Some(Some(bits)) = offer.client_max_window_bits {
        answer.push_str(&format!("; client_max_window_bits={bits}"));
    }
    Some((agreement, answer))
}

/// Reads one element of the list. `None` for another extension, and for a parameter that is unknown, repeated or has a wrong
/// value: such an offer must be declined (RFC 7692 §7.1).
fn read(element: &str) -> Option<Offer> {
    let mut parts = split(element, ';');
    if parts.next()? != NAME {
        return None;
    }
    let mut offer = Offer::default();
    for parameter in parts {
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start()))),
            None => (parameter, None),
        };
        let is_new = match (name, value) {
            ("server_no_context_takeover", None) => !std::mem::replace(&mut offer.server_no_context_takeover, true),
            ("client_no_context_takeover", None) => !std::mem::replace(&mut offer.client_no_context_takeover, true),
            ("server_max_window_bits", Some(value)) => offer.server_max_window_bits.replace(window(value)?).is_none(),
            ("client_max_window_bits", None) => offer.client_max_window_bits.replace(None).is_none(),
            ("client_max_window_bits", Some(value)) => offer.client_max_window_bits.replace(Some(window(value)?)).is_none(),
            _ => return None,
        };
        if !is_new {
            return None;
        }
    }
    Some(offer)
}

/// 8 to 15, without a leading zero (RFC 7692 §7.1.2).
fn window(value: &str) -> Option<u8> {
    let bits = value.parse().ok().filter(|bits| (8..=15).contains(bits))?;
    (!value.starts_with(['0', '+'])).then_some(bits)
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// The parts between separators, trimmed. A separator within a quoted string does not count.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut parts = text.split(move |letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    });
    std::iter::from_fn(move || parts.next().map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(offers: &[&str], compression: Compression) -> Option<String> {
        let mut headers = HeaderMap::new();
        for offer in offers {
            headers.append(SEC_WEBSOCKET_EXTENSIONS, offer.parse().expect("the test's header is valid"));
        }
        negotiate(&headers, compression).map(|(_, answer)| answer)
    }

    fn shared(offer: &str) -> Option<String> {
        answer(&[offer], Compression::Shared)
    }

    fn dedicated(offer: &str) -> Option<String> {
        answer(&[offer], Compression::Dedicated)
    }

    const NO_CONTEXT: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    #[test]
    fn a_browsers_offer_is_accepted_without_context_takeover() {
        assert_eq!(shared("permessage-deflate; client_max_window_bits").as_deref(), Some(NO_CONTEXT));
        assert_eq!(shared("permessage-deflate").as_deref(), Some(NO_CONTEXT));
    }

    #[test]
    fn dedicated_streams_keep_their_context_unless_the_client_wants_otherwise() {
        assert_eq!(dedicated("permessage-deflate").as_deref(), Some("permessage-deflate"));
        let offer = "permessage-deflate; server_no_context_takeover";
        assert_eq!(dedicated(offer).as_deref(), Some(offer));
        let offer = "permessage-deflate; client_no_context_takeover";
        assert_eq!(dedicated(offer).as_deref(), Some(offer));
    }

    #[test]
    fn nothing_is_agreed_without_an_offer_or_with_compression_off() {
        assert_eq!(answer(&[], Compression::Shared), None);
        assert_eq!(answer(&["permessage-deflate"], Compression::Off), None);
        assert_eq!(shared("x-webkit-deflate-frame, permessage-bzip2"), None);
    }

    #[test]
    fn the_servers_window_is_the_largest_that_the_client_can_read() {
        for bits in 9..=15 {
            let offer = format!("permessage-deflate; server_max_window_bits={bits}");
            assert_eq!(dedicated(&offer), Some(offer));
        }
        assert_eq!(shared("permessage-deflate; server_max_window_bits=8"), None);
    }

    #[test]
    fn the_client_chooses_its_own_window() {
        for bits in 8..=15 {
            let offer = format!("permessage-deflate; client_max_window_bits={bits}");
            assert_eq!(dedicated(&offer), Some(offer));
        }
        // The server may name a window, but need not.
        assert_eq!(dedicated("permessage-deflate; client_max_window_bits").as_deref(), Some("permessage-deflate"));
    }

    #[test]
    fn the_first_acceptable_offer_is_accepted() {
        let offers =
            "permessage-bzip2, permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10";
        assert_eq!(dedicated(offers).as_deref(), Some("permessage-deflate; server_max_window_bits=10"));
        let lines = ["permessage-deflate; unknown", "permessage-deflate; client_no_context_takeover"];
        assert_eq!(answer(&lines, Compression::Dedicated).as_deref(), Some(lines[1]));
    }

    #[test]
    fn an_offer_with_wrong_parameters_is_declined() {
        for wrong in [
            "server_max_window_bits",
            "server_max_window_bits=7",
            "server_max_window_bits=16",
            "server_max_window_bits=010",
            "server_max_window_bits=+10",
            "server_max_window_bits=x",
            "server_max_window_bits=10; server_max_window_bits=10",
            "client_max_window_bits=",
            "client_max_window_bits=300",
            "client_max_window_bits; client_max_window_bits",
            "server_no_context_takeover=1",
            "server_no_context_takeover; server_no_context_takeover",
            "client_no_context_takeover=true",
            "mux",
            "",
        ] {
            assert_eq!(shared(&format!("permessage-deflate; {wrong}")), None, "{wrong}");
        }
    }

    #[test]
    fn values_may_have_quotes_and_spaces() {
        let offer = "permessage-deflate ; server_max_window_bits = \"10\" ,x;y=\"a,b;c\"";
        assert_eq!(dedicated(offer).as_deref(), Some("permessage-deflate; server_max_window_bits=10"));
        assert_eq!(dedicated("x; y=\"permessage-deflate, permessage-deflate\""), None);
    }
}
