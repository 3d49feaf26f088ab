//! The sections of a WebAssembly module or component. Both have a head of 8 bytes, and sections behind it.

/// One section: an id, a size and its content.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    id: u8,
    content: &'a [u8],
    /// The whole section, with id and size.
    pub whole: &'a [u8],
}

impl<'a> Section<'a> {
    /// The name and the content of a custom section, which has id 0 (component model, Binary.md).
    pub fn custom(&self) -> Option<(&'a [u8], &'a [u8])> {
        if self.id != 0 {
            return None;
        }
        let (length, named) = leb128(self.content)?;
        named.split_at_checked(length)
    }
}

/// The sections, up to one that is damaged.
pub fn sections(binary: &[u8]) -> impl Iterator<Item = Section<'_>> {
    let mut rest = binary.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let before = rest;
        let (id, behind) = before.split_first()?;
        let (size, behind) = leb128(behind)?;
        let (content, next) = behind.split_at_checked(size)?;
        rest = next;
        Some(Section { id: *id, content, whole: &before[..before.len() - next.len()] })
    })
}

/// Decodes a LEB128 number and returns it with the remaining bytes. Sizes have 32 bits, hence at most five bytes.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_usize;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        number |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[index + 1..]));
        }
    }
    None
}
