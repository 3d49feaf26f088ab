//! The settings of a node of a cluster.

use super::Builder;
use crate::config::{ClusterError, ClusterSettings};
use crate::error::Error;

impl Builder {
    /// Makes the server a node of a cluster: the nodes serve the same rooms, and keep what lasts in NATS. By default it serves alone.
    #[must_use]
    pub fn cluster(mut self, settings: ClusterSettings) -> Self {
        self.config.cluster = Some(settings);
        self
    }

    /// Refuses settings that no cluster can have.
    pub(super) fn check_cluster(&self) -> Result<(), Error> {
        let Some(settings) = &self.config.cluster else { return Ok(()) };
        settings.check().map_err(Error::Cluster)?;
        let wrong = |why: &str| Err(Error::Cluster(ClusterError(why.to_owned())));
        if self.data.folder.is_some() {
            return wrong("the nodes of a cluster keep the stores of rooms in NATS: leave out the data folder");
        }
        if self.taking.is_some() {
            return wrong(
                "a node takes over rooms, not the place of another process: start it beside the other node, and end that one",
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Server;

    #[test]
    fn a_cluster_keeps_no_data_folder() {
        let settings = ClusterSettings { servers: vec!["nats://localhost".to_owned()], ..ClusterSettings::default() };
        let builder = || Server::builder().port(0).cluster(settings.clone());
        assert!(builder().listen().is_ok());
        let error = builder().data("data").listen().expect_err("the stores are in NATS").to_string();
        assert!(error.contains("leave out the data folder"), "{error}");
    }
}
