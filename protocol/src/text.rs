//! Bytes to text. The only file with `unsafe` in it.

#![expect(unsafe_code, reason = "measured: docs/decisions.md, \"Text is checked once, by simdutf8\"")]

use bytes::Bytes;
use bytestring::ByteString;

/// The bytes are not UTF-8, and further bytes would not change that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InvalidUtf8;

/// Turns bytes into text without a copy.
///
/// `ByteString::try_from` would check them with the standard library, which takes twenty times as long for text that is
/// not ASCII: longer than everything else that an echo of a kilobyte costs outside of the kernel.
pub(super) fn text(bytes: Bytes) -> Result<ByteString, InvalidUtf8> {
    check(&bytes)?;
    // SAFETY: `check` has found them to be UTF-8, and `Bytes` never change.
    Ok(unsafe { ByteString::from_bytes_unchecked(bytes) })
}

/// Checks borrowed bytes.
pub(super) fn check(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| InvalidUtf8)
}
