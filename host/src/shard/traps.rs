//! The last failures of the app.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{Fault, ReleaseId};
use crate::log::{in_short, printable};

/// The failures that are kept.
const KEPT: usize = 50;
/// The letters of a message that are kept. A trap's own is shorter; a native app's may have any length.
const MESSAGE_LETTERS: usize = 2_000;
/// The letters of a backtrace that are kept.
const BACKTRACE_LETTERS: usize = 16_000;

/// A failure of the app, as people see it. Its texts are printable; only the backtrace has several lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trap {
    /// When it happened, in seconds since 1970.
    pub time_unix: u64,
    /// The room.
    pub room: String,
    /// The release by its name and the first 12 digits of its SHA-256: `chat.wasm (0123456789ab)`. A native app has none.
    pub release: Option<String>,
    /// The export that failed, such as `on-message`. A native app names none.
    pub handler: Option<String>,
    /// The failure in one line, with the end of what the guest has written to stderr.
    pub message: String,
    /// The wasm backtrace, if there is one.
    pub backtrace: Option<String>,
}

impl Trap {
    /// The failure of a release in a room, at this moment.
    pub(super) fn new(room: &str, release: &ReleaseId, fault: &Fault) -> Self {
        let digits = release.sha256.get(..12);
        Self {
            time_unix: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            room: in_short(room),
            release: digits.map(|digits| format!("{} ({digits})", in_short(&release.name))),
            handler: fault.handler.as_deref().map(in_short),
            message: printable(&beginning(fault.in_full(), MESSAGE_LETTERS)).into_owned(),
            // Its lines are printable already.
            backtrace: fault.backtrace.clone().map(|backtrace| beginning(backtrace, BACKTRACE_LETTERS)),
        }
    }
}

/// The last 50 failures.
#[derive(Debug, Default)]
pub struct Traps(Mutex<VecDeque<Trap>>);

impl Traps {
    /// Adds one. The oldest gives way.
    pub fn add(&self, trap: Trap) {
        let mut kept = self.kept();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(trap);
    }

    /// All of them, the newest first.
    pub fn all(&self) -> Vec<Trap> {
        self.kept().iter().rev().cloned().collect()
    }

    /// The message of the newest one, shortened.
    pub fn last_message(&self) -> Option<String> {
        self.kept().back().map(|trap| in_short(&trap.message))
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Trap>> {
        // Each use is one change, which cannot panic midway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The beginning of a text.
fn beginning(text: String, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> ReleaseId {
        ReleaseId { name: "chat.wasm".into(), sha256: "0123456789abcdef".into() }
    }

    #[test]
    fn the_last_failures_are_kept_the_newest_first() {
        let traps = Traps::default();
        assert_eq!((traps.all(), traps.last_message()), (Vec::new(), None));
        for n in 0..=KEPT {
            traps.add(Trap::new("/a", &release(), &Fault::new(format!("failure {n}"))));
        }
        let all = traps.all();
        assert_eq!((all.len(), all[0].message.as_str(), all[KEPT - 1].message.as_str()), (KEPT, "failure 50", "failure 1"));
        assert_eq!(traps.last_message().as_deref(), Some("failure 50"));
    }

    #[test]
    fn a_failure_names_its_room_release_and_handler_in_harmless_text_of_bounded_length() {
        let fault = Fault {
            handler: Some("on-message".into()),
            message: "trapped\n2026 ERROR forged".into(),
            last_words: Some("\u{202e}words".into()),
            backtrace: Some("first\n    second".repeat(10_000)),
        };
        let trap = Trap::new("/a\u{9b}2J", &release(), &fault);
        assert_eq!((trap.room.as_str(), trap.handler.as_deref()), ("/a\\u{9b}2J", Some("on-message")));
        assert_eq!(trap.release.as_deref(), Some("chat.wasm (0123456789ab)"));
        assert_eq!(trap.message, "trapped\\n2026 ERROR forged: \\u{202e}words");
        assert_eq!(trap.backtrace.map(|text| text.chars().count()), Some(BACKTRACE_LETTERS + 1));
        let native = Trap::new("/a", &ReleaseId { name: "native".into(), sha256: "".into() }, &Fault::new("é".repeat(1 << 20)));
        assert_eq!((native.release, native.handler, native.message.chars().count()), (None, None, MESSAGE_LETTERS + 1));
    }
}
