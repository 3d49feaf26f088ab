//! The settings for the answers to plain requests, besides the app's.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::Builder;
use crate::config::Config;
use crate::front::{AppEndpoint, Endpoints, Files, LiveScript, Notice, NoticeEndpoint, Page, StaticFallback, StaticFiles};
use crate::shard::Counters;
use crate::status::Status;
use crate::swap::Releases;

impl Builder {
    /// Whether `GET /` answers with the chat page. It does by default.
    #[must_use]
    pub fn page(mut self, page: bool) -> Self {
        self.config.page = page;
        self
    }

    /// Answers `GET` and `HEAD` with the files of this folder, in place of the chat page. A file comes before the app's answer. Files whose names
    /// begin with a dot are private, except those of `.well-known` (RFC 8615), and no link leads out of the folder.
    #[must_use]
    pub fn static_files(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.static_files = Some(folder.into());
        self
    }

    /// Answers with this file of the folder of `static_files` where a browser asks for a page that neither a file nor the app is: `index.html` for an
    /// app whose own script reads the path. By default that is 404.
    #[must_use]
    pub fn static_fallback(mut self, file: impl Into<String>) -> Self {
        self.config.static_fallback = Some(file.into());
        self
    }

    /// Whether the page shows the text of `Handle::set_notice`, such as a failed build, and the failures of a component. It does not by default: then
    /// it tells of changes of the release alone. Each page among `static_files` gets a script for that, which also loads it anew after
    /// `Handle::pages_changed`: for development alone.
    #[must_use]
    pub fn notices(mut self, notices: bool) -> Self {
        self.config.notices = notices;
        self
    }
}

/// The pages of a server.
pub(super) enum Pages {
    /// The app alone.
    None,
    /// The chat page.
    Chat,
    /// Files, and the one in place of missing pages.
    Files { files: Arc<Files>, fallback: Option<String>, live: bool },
}

impl Pages {
    /// The pages, and the owner's notice. Files that are sent hold up to about this much memory.
    pub(super) fn new(config: &Config, memory_bytes: usize) -> (Self, Notice) {
        let notice = Notice::default();
        let pages = match &config.static_files {
            Some(folder) => {
                let live = config.notices;
                let files = Files::new(folder, memory_bytes, live.then(|| notice.clone()));
                Self::Files { files, fallback: config.static_fallback.clone(), live }
            }
            None if config.page => Self::Chat,
            None => Self::None,
        };
        (pages, notice)
    }

    /// The table of endpoints. An existing file comes before the app, and their fallback behind it.
    pub(super) fn endpoints(self, app: AppEndpoint, notice: Option<Notice>, local: bool) -> Endpoints {
        let mut endpoints = Endpoints::default();
        match self {
            Self::None => endpoints.add(app),
            Self::Chat => {
                endpoints.add(app);
                endpoints.add(Page::new(notice.as_ref()));
                notice.into_iter().for_each(|notice| endpoints.add(NoticeEndpoint::new(notice, local)));
            }
            Self::Files { files, fallback, live } => {
                if let Some(notice) = notice.filter(|_| live) {
                    endpoints.add(NoticeEndpoint::new(notice, local));
                    endpoints.add(LiveScript);
                }
                endpoints.add(StaticFiles(Arc::clone(&files)));
                endpoints.add(app);
                fallback.into_iter().for_each(|file| endpoints.add(StaticFallback::new(Arc::clone(&files), &file)));
            }
        }
        endpoints
    }
}

/// The notice of the page, if it has one. With `all`, it is the owner's, and tells the whole state of a component. Otherwise strangers see the page,
/// and are told of changes of the release alone.
pub(super) fn shown(all: bool, owners: &Notice, releases: Option<&Arc<Releases>>, counters: &Arc<Counters>) -> Option<Notice> {
    let notice = if all { owners.clone() } else { Notice::for_strangers() };
    let Some(releases) = releases.cloned() else { return all.then_some(notice) };
    let counters = Arc::clone(counters);
    notice.tell_status(move || {
        let status = Status::of_app(Some(releases.history()), &counters);
        if !all {
            return json!({ "swaps": status.swaps, "went_back": status.went_back });
        }
        let mut status = json!(status);
        // The page tells of the app. The others are not known here.
        for key in ["clients", "started_unix", "admitting", "draining", "totals"] {
            status.as_object_mut().and_then(|status| status.remove(key));
        }
        status
    });
    Some(notice)
}
