//! Steps that the compiler cannot check: the only file with `unsafe` in it.

#![expect(unsafe_code, reason = "measured: docs/decisions.md, \"Text is checked once\" and \"A set of sockets\"")]

use std::mem::MaybeUninit;

use bytes::{BufMut, Bytes, BytesMut};
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

/// Appends to a buffer the bytes that `read` writes to the front of the buffer's free memory, which it returns. The memory need
/// not be zeroed before. Returns the number of bytes.
///
/// # Errors
/// Those of `read`: the buffer is as before.
///
/// # Panics
/// If `read` returns other memory.
pub fn fill<E>(
    buffer: &mut BytesMut,
    read: impl for<'a> FnOnce(&'a mut [MaybeUninit<u8>]) -> Result<&'a mut [u8], E>,
) -> Result<usize, E> {
    let free = buffer.spare_capacity_mut();
    let (start, room) = (free.as_ptr().cast::<u8>(), free.len());
    let written = read(free)?;
    let len = written.len();
    assert!(len == 0 || (std::ptr::eq(written.as_ptr(), start) && len <= room), "`read` returns the front of what it was given");
    // SAFETY: the first `len` bytes of the free memory are within the capacity, and initialised: `read` has returned them as `u8`.
    unsafe { buffer.advance_mut(len) };
    Ok(len)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// Writes `text` to the front.
    fn write<'a>(free: &'a mut [MaybeUninit<u8>], text: &[u8]) -> &'a mut [u8] {
        free[..text.len()].write_copy_of_slice(text)
    }

    #[test]
    fn bytes_that_are_read_stand_behind_those_of_before() {
        let mut buffer = BytesMut::with_capacity(8);
        buffer.extend_from_slice(b"ab");
        let filled = fill(&mut buffer, |free| Ok::<_, io::Error>(write(free, b"cde")));
        assert_eq!((filled.ok(), &buffer[..]), (Some(3), &b"abcde"[..]));
        let failed = fill(&mut buffer, |_| Err(io::ErrorKind::WouldBlock));
        assert_eq!((failed, &buffer[..]), (Err(io::ErrorKind::WouldBlock), &b"abcde"[..]));
    }

    #[test]
    #[should_panic(expected = "the front of what it was given")]
    fn other_memory_is_no_answer() {
        let other: &'static mut [u8] = Vec::leak(vec![1, 2]);
        let _ = fill(&mut BytesMut::with_capacity(8), |_| Ok::<_, io::Error>(other));
    }

    #[test]
    #[should_panic(expected = "the front of what it was given")]
    fn memory_behind_the_front_is_no_answer() {
        let _ = fill(&mut BytesMut::with_capacity(8), |free| Ok::<_, io::Error>(write(&mut free[1..], b"x")));
    }
}
