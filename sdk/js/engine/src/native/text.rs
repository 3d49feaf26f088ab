//! UTF-8 at the speed of machine code.

use rquickjs::{Ctx, Exception, String as Text, TypedArray, Value};

/// Returns a string as UTF-8. A lone surrogate becomes U+FFFD, as in browsers.
fn utf8(text: &Text<'_>) -> String {
    let text = text.clone().to_cstring().expect("there is memory for the text");
    // SAFETY: the pointer has `len` bytes while `text` lives.
    let bytes = unsafe { std::slice::from_raw_parts(text.as_ptr().cast::<u8>(), text.len()) };
    well_formed(bytes.to_vec())
}

/// Replaces each lone surrogate, which QuickJS writes in three bytes as if it were a character.
pub(crate) fn well_formed(bytes: Vec<u8>) -> String {
    let mut bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    for at in 0..bytes.len().saturating_sub(2) {
        if bytes[at] == 0xed && bytes[at + 1] >= 0xa0 {
            bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
        }
    }
    String::from_utf8(bytes).expect("QuickJS writes UTF-8 but for surrogates")
}

/// Encodes a string.
pub(super) fn encode<'js>(ctx: Ctx<'js>, text: Text<'js>) -> rquickjs::Result<TypedArray<'js, u8>> {
    TypedArray::new(ctx, utf8(&text).into_bytes())
}

/// Decodes bytes. Invalid ones become U+FFFD or, if `fatal`, throw a TypeError.
pub(super) fn decode<'js>(ctx: Ctx<'js>, bytes: TypedArray<'js, u8>, fatal: bool) -> rquickjs::Result<Value<'js>> {
    // SAFETY: no JavaScript runs while the bytes are borrowed.
    let bytes = unsafe { bytes.as_slice() };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => std::borrow::Cow::Borrowed(text),
        Err(_) if fatal => return Err(Exception::throw_type(&ctx, "the bytes are not UTF-8")),
        Err(_) => String::from_utf8_lossy(bytes),
    };
    Ok(Text::from_str(ctx, &text)?.into_value())
}
