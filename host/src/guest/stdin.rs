//! The standard input of a component: the bytes that its file carries behind the code.

use crate::sections::sections;

/// The name of the custom section. It counts only as the last section of the file.
///
/// A build that changes nothing but these bytes leaves the code as it was, so the code comes from the cache.
const SECTION: &[u8] = b"ws-host:stdin";

/// Splits a component into its code and its standard input. Without the section, all of it is code.
pub(super) fn split(component: &[u8]) -> (&[u8], &[u8]) {
    last_section(component).map_or((component, &[]), |(start, content)| (&component[..start], content))
}

/// Finds the last section if it is ours: where it begins, and its content behind the name.
fn last_section(component: &[u8]) -> Option<(usize, &[u8])> {
    let (end, last) = sections(component).fold((8, None), |(end, _), section| (end + section.whole.len(), Some(section)));
    let last = last.filter(|_| end == component.len())?;
    let (_, stdin) = last.custom().filter(|(name, _)| *name == SECTION)?;
    Some((end - last.whole.len(), stdin))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A custom section with a content of less than 100 bytes.
    fn section(name: &str, content: &str) -> Vec<u8> {
        let size = u8::try_from(1 + name.len() + content.len()).expect("short");
        [&[0, size, u8::try_from(name.len()).expect("short")], name.as_bytes(), content.as_bytes()].concat()
    }

    fn split_of(bytes: &[u8]) -> (usize, &[u8]) {
        let (code, stdin) = split(bytes);
        (code.len(), stdin)
    }

    #[test]
    fn the_last_section_of_the_name_is_the_input_and_the_rest_is_code() {
        let code = [b"\0asm\x0d\0\x01\0", section("x", "y").as_slice()].concat();
        let with = [code.clone(), section("ws-host:stdin", "hello")].concat();
        assert_eq!(split_of(&with), (code.len(), &b"hello"[..]));
        assert_eq!(split_of(&code), (code.len(), &[][..]));
        let behind = [with, section("x", "y")].concat();
        assert_eq!(split_of(&behind), (behind.len(), &[][..]));
    }

    #[test]
    fn damaged_bytes_are_all_code() {
        let whole = [b"\0asm\x0d\0\x01\0", section("ws-host:stdin", "hello").as_slice()].concat();
        for end in 0..whole.len() {
            assert_eq!(split_of(&whole[..end]), (end, &[][..]));
        }
    }
}
