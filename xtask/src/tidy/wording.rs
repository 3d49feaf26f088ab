//! Comments and pages use plain English: subject first, plain verbs, no riddles.

use super::Finding;
use super::prose::{Kind, paragraphs};

/// This file quotes them.
const EXEMPT: &str = "xtask/src/tidy/wording.rs";

/// A wording to avoid.
struct Wording {
    found: Found,
    text: &'static str,
    /// An example of its use.
    instead_of: &'static str,
    /// The same in plain English.
    write: &'static str,
}

/// The places where a wording is to be avoided.
#[derive(PartialEq, Eq)]
enum Found {
    /// At the beginning of a sentence of a comment. The headings of pages are exempt.
    First,
    /// Anywhere.
    Anywhere,
}

#[rustfmt::skip]
const WORDINGS: &[Wording] = &[
    first("who", "Who leaves is out of its topics", "A client that leaves is removed from its topics"),
    first("whoever", "Whoever asks gets the page", "Each request gets the page"),
    first("whose", "Whose turn has not come is served as before", "Clients not yet closed are served as before"),
    first("what", "What waits for the client", "The frames that wait for the client"),
    first("whatever", "Whatever version is there serves", "Any installed version serves"),
    anywhere("whom", "The clients for whom nothing waits", "The clients whose queues are empty"),
    anywhere("lest", "lest a reset takes the frame with it", "so that a reset does not discard the frame"),
    anywhere("whose turn", "Clients whose turn has come", "The next clients"),
    anywhere("by that,", "Answers what is empty by that, in order", "Returns the queues that this empties, in order"),
    anywhere("by that.", "Answers what is empty by that.", "Returns the queues that this empties."),
    anywhere("is none", "An origin to admit is none", "An allowed origin is invalid"),
    anywhere("are none", "Where clients are none", "Where the list of clients is empty"),
    anywhere("that there is", "a key that there is not", "an unknown key"),
    anywhere("that there are", "Connections that there are keep their keys", "Open connections keep their keys"),
    anywhere("so many", "A bucket of so many tokens", "A bucket of N tokens"),
    anywhere("say.", "while it waits, on a clock say.", "while it waits, for example on a clock."),
    anywhere(", say", "greetings, say", "for example greetings"),
    anywhere("he", "since he connected", "since the client connected"),
    anywhere("him", "what was sent to him", "the messages to the client"),
    anywhere("his", "his messages", "the client's messages"),
];

/// Words after a wording that make it plain English.
const PLAIN: [(&str, &str); 4] =
    [("is none", " of "), ("that there is", " no "), ("that there is", " a "), ("that there are", " no ")];

/// Words before `say.` that make it the sentence's verb.
const VERB: [&str; 6] = [" to", " not", "cannot", " they", " can", " may"];

const fn first(text: &'static str, instead_of: &'static str, write: &'static str) -> Wording {
    Wording { found: Found::First, text, instead_of, write }
}

const fn anywhere(text: &'static str, instead_of: &'static str, write: &'static str) -> Wording {
    Wording { found: Found::Anywhere, text, instead_of, write }
}

/// Finds wordings to avoid.
pub(super) fn check(texts: &[(String, String)]) -> Vec<Finding> {
    texts.iter().filter(|(path, _)| path != EXEMPT).flat_map(|(path, text)| in_text(path, text)).collect()
}

fn in_text(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for paragraph in paragraphs(path, text) {
        let lower = paragraph.text.to_ascii_lowercase();
        for wording in WORDINGS {
            let is_found = |at: usize| is_whole(&lower, at, wording.text) && is_meant(&lower, at, wording, path);
            for (at, _) in lower.match_indices(wording.text).filter(|(at, _)| is_found(*at)) {
                let Wording { text, instead_of, write, .. } = wording;
                let what = format!("`{text}`: instead of \"{instead_of}\" write \"{write}\"");
                findings.push(Finding::new(path, paragraph.line_of(at), what));
            }
        }
    }
    findings
}

/// Whether whole words are found, and not a part of one.
fn is_whole(text: &str, at: usize, found: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '`' | '\'');
    let end = at + found.len();
    let ends = found.ends_with(['.', ',']) || !text[end..].starts_with(is_letter);
    ends && (found.starts_with(',') || !text[..at].ends_with(is_letter))
}

fn is_meant(text: &str, at: usize, wording: &Wording, path: &str) -> bool {
    let behind = &text[at + wording.text.len()..];
    if PLAIN.iter().any(|(text, plain)| *text == wording.text && behind.starts_with(plain)) {
        return false;
    }
    let before = text[..at].trim_end();
    if wording.text == "say." && VERB.iter().any(|word| before.ends_with(word)) {
        return false;
    }
    match wording.found {
        Found::Anywhere => true,
        Found::First => {
            let sentence = text[at..].find(['.', '?', '!']).map_or("", |end| &text[at + end..=at + end]);
            Kind::of(path) == Some(Kind::Code) && sentence != "?" && (before.is_empty() || before.ends_with(['.', '?', '!', ':']))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&[(path.to_owned(), text.to_owned())]).len()
    }

    #[test]
    fn each_example_is_found_and_its_rewrite_is_not() {
        for wording in WORDINGS {
            assert_eq!(found("a.rs", &format!("/// {}\n", wording.write)), 0, "{}", wording.write);
            assert!(found("a.rs", &format!("/// {}\n", wording.instead_of)) > 0, "{}", wording.instead_of);
        }
    }

    #[test]
    fn a_wording_may_run_over_a_line() {
        let findings = check(&[("a.rs".to_owned(), "\n// The path is\n// none.\n".to_owned())]);
        assert_eq!((findings.len(), findings[0].line), (1, 2));
    }

    #[test]
    fn a_sentence_in_the_middle_of_a_comment_is_found() {
        assert_eq!(found("a.rs", "// The room closes. Who waits is served.\n"), 1);
        assert_eq!(found("a.rs", "// The client who waits is served.\n"), 0);
    }

    #[test]
    fn a_question_and_a_heading_of_a_page_may_begin_with_what() {
        assert_eq!(found("a.rs", "// What if it fails? It is tried again.\n"), 0);
        assert_eq!(found("a.md", "## What a guest may do\n"), 0);
    }

    #[test]
    fn code_and_strings_are_no_prose() {
        assert_eq!(found("a.rs", "let he = \"who is he\"; what(he)\n"), 0);
    }
}
