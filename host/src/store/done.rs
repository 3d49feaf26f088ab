//! The report about one commit, which always comes.

use super::error::CommitError;
use super::state::Usage;

type Report = Box<dyn FnOnce(Result<Usage, CommitError>) + Send>;

/// Reports on one commit. Dropped without a report, it reports that the database is closed.
pub(super) struct Done(Option<Report>);

impl Done {
    pub(super) fn new(report: impl FnOnce(Result<Usage, CommitError>) + Send + 'static) -> Self {
        Self(Some(Box::new(report)))
    }

    pub(super) fn report(mut self, result: Result<Usage, CommitError>) {
        if let Some(report) = self.0.take() {
            report(result);
        }
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(report) = self.0.take() {
            report(Err(CommitError::Closed));
        }
    }
}

impl std::fmt::Debug for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Done")
    }
}
