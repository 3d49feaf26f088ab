//! A Wasm backtrace as text, one line for each frame.

use std::path::Path;

use rustc_demangle::demangle;
use wasmtime::{FrameInfo, FrameSymbol, WasmBacktrace};

use super::splice;
use crate::log::in_short;

/// The backtrace as text. The names in it come from the component, so each frame becomes one harmless line.
pub(super) fn backtrace(trace: &WasmBacktrace) -> String {
    let places = places(trace);
    if !places.is_empty() {
        return format!("the guest's calls, the innermost first:{places}");
    }
    let prefixes: Vec<_> = trace.frames().iter().enumerate().map(prefix).collect();
    let mut text = one_line_each(&trace.to_string(), &prefixes);
    // The loop that calls the guest's handler is no part of the guest.
    let is_of_loop = trace.frames().last().is_some_and(|frame| frame.module().name() == Some(splice::MODULE));
    if is_of_loop {
        text.truncate(text.rfind('\n').unwrap_or(text.len()));
    }
    text
}

/// The sources of Rust's standard library, as its own build names them. Its panic machinery is nine frames.
const STANDARD: &str = "/rustc/";

/// The frames with debug information, a line for each call in a file of the guest or its libraries. Inlined calls have lines too.
fn places(trace: &WasmBacktrace) -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    let symbols = trace.frames().iter().flat_map(|frame| frame.symbols().iter().map(move |symbol| (frame, symbol)));
    let lines = symbols.filter_map(|(frame, symbol)| place(symbol, frame.func_name(), &folder));
    lines.map(|line| format!("\n    {line}")).collect()
}

/// A call as `function (file:line:column)`. A file below `folder` is relative to it.
fn place(symbol: &FrameSymbol, function: Option<&str>, folder: &Path) -> Option<String> {
    let file = symbol.file().filter(|file| !file.starts_with(STANDARD))?;
    let name = in_short(&readable(symbol.name().or(function).unwrap_or("?")));
    Some(format!("{name} ({}:{}:{})", in_short(below(file, folder)), symbol.line().unwrap_or(0), symbol.column().unwrap_or(0)))
}

/// The name of a function without the hash that Rust's compiler adds.
fn readable(name: &str) -> String {
    format!("{:#}", demangle(name))
}

fn below<'a>(file: &'a str, folder: &Path) -> &'a str {
    Path::new(file).strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or(file)
}

/// The beginning of a frame's line, as wasmtime writes it. The names follow.
fn prefix((index, frame): (usize, &FrameInfo)) -> String {
    match frame.module_offset() {
        Some(offset) => format!("\n  {index:>3}: {offset:#8x} - "),
        None => format!("\n  {index:>3}: "),
    }
}

/// Cuts a text before each of these prefixes, which come in this order, and makes each piece one line.
///
/// wasmtime demangles the names only in the whole text. A name that imitates a prefix moves the cut into itself, and still each
/// piece is one line.
fn one_line_each(text: &str, prefixes: &[String]) -> String {
    let mut lines = String::new();
    let (mut rest, mut before) = (text, "");
    for prefix in prefixes {
        let Some((piece, behind)) = rest.split_once(prefix.as_str()) else { break };
        lines.push_str(before);
        lines.push_str(&in_short(piece));
        (rest, before) = (behind, prefix);
    }
    lines.push_str(before);
    lines.push_str(&in_short(rest));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of frames with these names, cut into lines.
    fn lines(names: [&str; 2]) -> String {
        let prefixes = ["\n    0:     0x1f - ".to_owned(), "\n    1:     0x2f - ".to_owned()];
        let text = format!("error while executing at wasm backtrace:{}{}{}{}", prefixes[0], names[0], prefixes[1], names[1]);
        one_line_each(&text, &prefixes)
    }

    #[test]
    fn a_name_is_one_line_whatever_is_in_it() {
        assert_eq!(
            lines(["a!b", "a!c"]),
            "error while executing at wasm backtrace:\n    0:     0x1f - a!b\n    1:     0x2f - a!c"
        );
        let forged = lines(["a!b\n2026-11-24T18:30:00Z ERROR forged", "\u{9b}2J\u{202e}c"]);
        assert_eq!(forged.lines().count(), 3, "{forged}");
        assert!(forged.contains("a!b\\n2026-11-24T18:30:00Z ERROR forged") && forged.contains("\\u{9b}2J\\u{202e}c"), "{forged}");
    }

    #[test]
    fn a_name_that_imitates_a_frame_adds_no_line() {
        let forged = lines(["a!b\n    1:     0x2f - a!c\n    2:      0x3f - a!d", "a!e\n    1:     0x2f - a!f"]);
        assert_eq!(forged.lines().count(), 3, "{forged}");
        assert_eq!(one_line_each("another\nformat", &["\n    0: ".to_owned()]), "another\\nformat");
    }

    #[test]
    fn a_file_below_the_folder_is_relative_to_it() {
        assert_eq!(below("/p/chat/src/lib.rs", Path::new("/p/chat")), "src/lib.rs");
        assert_eq!(below("/q/src/lib.rs", Path::new("/p/chat")), "/q/src/lib.rs");
    }

    #[test]
    fn a_function_has_its_name_in_rust_without_a_hash() {
        assert_eq!(readable("_ZN7my_chat10on_message17h0123456789abcdefE"), "my_chat::on_message");
        assert_eq!(readable("ws_on_message"), "ws_on_message");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert!(lines([&"x".repeat(1 << 20), "a!c"]).len() < 700);
    }
}
