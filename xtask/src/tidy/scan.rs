//! A scanner of Rust code that knows words, brackets and lines, but no grammar.

/// The words of the code (identifiers, keywords, numbers) with their offsets.
pub(super) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let end = code[start..].find(|c| !is_word(c)).map_or(code.len(), |length| start + length);
        rest = end;
        Some((start, &code[start..end]))
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The line of an offset, counted from 1.
pub(super) fn line_of(code: &str, offset: usize) -> usize {
    code[..offset].matches('\n').count() + 1
}

/// The end of the item that has begun before `start`: behind its closing brace or its semicolon.
pub(super) fn end_of_item(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return offset + 1;
                }
            }
            b';' if depth == 0 => return offset + 1,
            _ => {}
        }
    }
    code.len()
}

/// The code with each comment, string and character literal replaced by spaces, so that offsets and lines stay.
pub(super) fn blank_literals(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let length = literal_length(&text.as_bytes()[at..], at > 0 && is_word_byte(text.as_bytes()[at - 1]));
        blank(&mut code[at..at + length]);
        at += length.max(1);
    }
    String::from_utf8(code).expect("only whole literals are blanked, so whole characters remain")
}

/// Replaces all bytes but line ends by spaces.
pub(super) fn blank(code: &mut [u8]) {
    for byte in code.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

fn is_word_byte(byte: u8) -> bool {
    is_word(char::from(byte))
}

/// The length of the comment or literal that begins here, or 0.
fn literal_length(text: &[u8], within_word: bool) -> usize {
    match text {
        [b'/', b'/', ..] => text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => block_comment(text),
        [b'"', ..] => string(text),
        [b'\'', ..] => character(text),
        [b'r' | b'b' | b'c', ..] if !within_word => raw_string(text),
        _ => 0,
    }
}

fn block_comment(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        match &text[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`: no escapes within.
fn raw_string(text: &[u8]) -> usize {
    let prefix = if text[0] == b'r' { 1 } else { 2 };
    if text.get(prefix - 1) != Some(&b'r') {
        return 0;
    }
    let hashes = text[prefix..].iter().take_while(|byte| **byte == b'#').count();
    let open = prefix + hashes;
    if text.get(open) != Some(&b'"') {
        return 0;
    }
    let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let body = &text[open + 1..];
    body.windows(end.len()).position(|part| part == end).map_or(text.len(), |at| open + 1 + at + end.len())
}

/// A character literal, but not a lifetime.
fn character(text: &[u8]) -> usize {
    let closing = |from: usize| text.iter().skip(from).take(12).position(|byte| *byte == b'\'').map(|at| from + at + 1);
    match text.get(1) {
        Some(b'\\') => closing(3).unwrap_or(0),
        Some(byte) => {
            let width = match byte {
                0..0x80 => 1,
                0x80..0xe0 => 2,
                0xe0..0xf0 => 3,
                0xf0.. => 4,
            };
            if text.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
        }
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_places() {
        let found: Vec<_> = words("a.b_1 (ü)").collect();
        assert_eq!(found, [(0, "a"), (2, "b_1"), (7, "ü")]);
    }

    #[test]
    fn comments_and_literals_become_spaces_of_the_same_length() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */\n d */ e", "a             \n      e"),
            (r#"f("a\"b", x)"#, "f(      , x)"),
            (r##"f(r#"a"b"#, x)"##, "f(        , x)"),
            ("br\"a\\\" x", "       x"),
            ("b\"a\" x", "b    x"),
            ("['{', '\\'', '\\u{7f}', 'ü']", "[   ,     ,         ,     ]"),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("var\"x\"", "var   "),
        ];
        for (text, expected) in cases {
            assert_eq!(blank_literals(text), expected, "{text}");
        }
    }

    #[test]
    fn an_item_ends_with_its_brace_or_its_semicolon() {
        let code = "fn f(x: [u8; 2]) -> u8 { if x { 1 } else { 2 } } fn g();";
        assert_eq!(&code[end_of_item(code, 0)..], " fn g();");
        assert_eq!(end_of_item(code, 49), code.len());
    }
}
