//! The notice that pages show: changes of the release, and under a development server more.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// How often a page asks, in seconds, while its developer waits for a build, and otherwise.
const OFTEN: u32 = 1;
const SELDOM: u32 = 10;

/// A text, and the state of the app, for everybody who has the page open. A clone shares it.
#[derive(Clone)]
pub struct Notice(Arc<Told>);

/// Returns the state of the app as JSON.
type Status = Box<dyn Fn() -> Value + Send + Sync>;

struct Told {
    seconds: u32,
    text: Mutex<String>,
    status: OnceLock<Status>,
    /// The version of the pages' files: no two servers begin with the same.
    pages: AtomicU64,
}

impl Default for Notice {
    /// A notice for developers.
    fn default() -> Self {
        Self::asked_each(OFTEN)
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("text", &self.0.text).finish_non_exhaustive()
    }
}

impl Notice {
    /// A notice for strangers: pages ask for it seldom. It has no text unless it is given one.
    pub fn for_strangers() -> Self {
        Self::asked_each(SELDOM)
    }

    fn asked_each(seconds: u32) -> Self {
        let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let pages = AtomicU64::new(u64::try_from(begun).unwrap_or_default());
        Self(Arc::new(Told { seconds, text: Mutex::default(), status: OnceLock::new(), pages }))
    }

    /// How often a page asks, in seconds.
    pub fn seconds(&self) -> u32 {
        self.0.seconds
    }

    /// Replaces the text. An empty text removes the notice.
    pub fn set(&self, text: String) {
        *self.0.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// The version of the files that pages are made of.
    pub fn pages(&self) -> u64 {
        self.0.pages.load(Relaxed)
    }

    /// The files of pages have changed: open pages of a development server are loaded anew.
    pub fn pages_changed(&self) {
        self.0.pages.fetch_add(1, Relaxed);
    }

    /// Tells the app's state too, so that the page notes swaps and failures. The first caller decides how it is found.
    pub fn tell_status(&self, status: impl Fn() -> Value + Send + Sync + 'static) {
        let _ = self.0.status.set(Box::new(status));
    }

    /// The text and the state as JSON.
    pub fn get(&self) -> String {
        let text = self.0.text.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut told = json!({ "notice": text, "status": self.0.status.get().map(|status| status()) });
        // A stranger's page is not loaded anew, and need not know when the server began.
        if self.0.seconds == OFTEN {
            told["pages"] = self.pages().into();
        }
        told.to_string()
    }
}
