//! The signature of a webhook, as GitHub makes it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether the header is the signature of this body: `sha256=` and an HMAC in hexadecimal.
pub fn is_valid(secret: &[u8], body: &[u8], header: &str) -> bool {
    let Some(signature) = header.strip_prefix("sha256=").and_then(bytes) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of HMAC has any length");
    mac.update(body);
    // Takes the same time for each wrong signature: nobody can try one byte after the other.
    mac.verify_slice(&signature).is_ok()
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_hexadecimal = digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hexadecimal.then(|| digits.as_bytes().chunks(2).map(byte).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's documentation.
    const SECRET: &[u8] = b"It's a Secret to Everybody";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn the_example_of_github_is_valid_and_every_change_of_it_is_not() {
        assert!(is_valid(SECRET, b"Hello, World!", SIGNATURE));
        assert!(!is_valid(SECRET, b"Hello, World?", SIGNATURE) && !is_valid(b"another", b"Hello, World!", SIGNATURE));
        for wrong in ["", "sha256=", "sha256=7", "sha256=zz", "757107ea", &SIGNATURE[..70], &SIGNATURE.replace("e17", "e18")] {
            assert!(!is_valid(SECRET, b"Hello, World!", wrong), "{wrong}");
        }
    }
}
