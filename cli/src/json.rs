//! JSON for programs, which a terminal may show too.

use serde::Serialize;
use ws_host::log::is_harmful;

/// Returns a value as JSON in several lines. Names of strangers and guests are in it unchanged, but the characters that could
/// draw over a terminal are written as JSON's escapes.
///
/// # Errors
/// The value is no JSON.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(harmless(serde_json::to_string_pretty(value)?))
}

/// Returns a value as one line of JSON with its end, and with the same escapes.
///
/// # Errors
/// As for [`json`].
pub fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = harmless(serde_json::to_string(value)?);
    line.push('\n');
    Ok(line)
}

fn harmless(text: String) -> String {
    if !text.contains(|letter| letter != '\n' && is_harmful(letter)) {
        return text;
    }
    // Outside of strings JSON has no such characters but its own line ends. All of them fit into one escape.
    let written = |letter: char| match letter {
        '\n' => letter.into(),
        letter if is_harmful(letter) => format!("\\u{:04x}", u32::from(letter)),
        letter => letter.into(),
    };
    text.chars().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_value_and_cannot_draw_over_a_terminal() {
        let name = "/a\u{9b}2J\u{202e}\n\u{7f}é\\";
        let text = json(&[name]).expect("a list of text is JSON");
        assert_eq!(text, "[\n  \"/a\\u009b2J\\u202e\\n\\u007fé\\\\\"\n]");
        assert_eq!(serde_json::from_str::<[String; 1]>(&text).expect("it is JSON"), [name]);
    }
}
