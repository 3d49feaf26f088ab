//! Bytes to text. The one place of the host with `unsafe` in it.

#![expect(unsafe_code, reason = "measured: docs/decisions.md, \"Text is checked once, by simdutf8\"")]

use bytes::Bytes;
use bytestring::ByteString;

/// The bytes are no UTF-8 text, and more of them would not make them one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InvalidUtf8;

/// The text that these bytes are, without a copy.
///
/// `ByteString::try_from` would check them with the standard library, which takes twenty times as long for text that is
/// not ASCII: longer than everything else that an echo of a kilobyte costs outside of the kernel.
pub(super) fn text(bytes: Bytes) -> Result<ByteString, InvalidUtf8> {
    check(&bytes)?;
    // SAFETY: `check` has found them to be UTF-8, and `Bytes` never change.
    Ok(unsafe { ByteString::from_bytes_unchecked(bytes) })
}

/// The same for bytes that are borrowed.
pub(super) fn check(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| InvalidUtf8)
}
