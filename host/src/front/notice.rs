//! The notice that the chat page shows under a development server.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

/// A text, and the state of the app, for everybody who has the page open. A clone shares it.
#[derive(Clone, Default)]
pub struct Notice(Arc<Told>);

/// Returns the state of the app as JSON.
type Status = Box<dyn Fn() -> Value + Send + Sync>;

#[derive(Default)]
struct Told {
    text: Mutex<String>,
    status: OnceLock<Status>,
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("text", &self.0.text).finish_non_exhaustive()
    }
}

impl Notice {
    /// Replaces the text. An empty text removes the notice.
    pub fn set(&self, text: String) {
        *self.0.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// Tells the app's state too, so that the page notes swaps and failures. The first caller decides how it is found.
    pub fn tell_status(&self, status: impl Fn() -> Value + Send + Sync + 'static) {
        let _ = self.0.status.set(Box::new(status));
    }

    /// The text and the state as JSON.
    pub fn get(&self) -> String {
        let text = self.0.text.lock().unwrap_or_else(PoisonError::into_inner).clone();
        json!({ "notice": text, "status": self.0.status.get().map(|status| status()) }).to_string()
    }
}
