//! The names of streams and subjects.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ws_cluster::Life;

use super::settings::ClusterError;

/// The longest name of a cluster.
const MAX_NAME: usize = 32;

/// The names of one cluster's streams and subjects.
#[derive(Debug, Clone)]
pub(super) struct Names {
    cluster: String,
}

impl Names {
    pub(super) fn new(cluster: &str) -> Result<Self, ClusterError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if cluster.is_empty() || cluster.len() > MAX_NAME || !cluster.bytes().all(is_plain) {
            let name = crate::log::in_short(cluster);
            return Err(ClusterError(format!(
                "the cluster's name {name:?} is invalid: choose one of 1 to {MAX_NAME} letters, digits, `-` and `_`"
            )));
        }
        Ok(Self { cluster: cluster.into() })
    }

    pub(super) fn cluster(&self) -> &str {
        &self.cluster
    }

    pub(super) fn nodes_stream(&self) -> String {
        format!("{}-nodes", self.cluster)
    }

    pub(super) fn rooms_stream(&self) -> String {
        format!("{}-rooms", self.cluster)
    }

    /// The stream of the directory.
    pub(super) fn known_stream(&self) -> String {
        format!("{}-known", self.cluster)
    }

    pub(super) fn releases_stream(&self) -> String {
        format!("{}-releases", self.cluster)
    }

    /// The bucket of components.
    pub(super) fn components(&self) -> String {
        format!("{}-components", self.cluster)
    }

    /// The subject of the records of releases.
    pub(super) fn release(&self) -> String {
        format!("{}.release", self.cluster)
    }

    /// The subject of a node's reports about releases.
    pub(super) fn took(&self, number: u16) -> String {
        format!("{}.took.{number}", self.cluster)
    }

    /// The subjects of the stream of releases.
    pub(super) fn releases_subjects(&self) -> Vec<String> {
        vec![self.release(), format!("{}.took.*", self.cluster)]
    }

    /// The subjects of the stream of nodes.
    pub(super) fn nodes_subjects(&self) -> Vec<String> {
        vec![self.all_nodes(), format!("{}.ids.*", self.cluster)]
    }

    /// The subjects of the stream of rooms.
    pub(super) fn rooms_subjects(&self) -> Vec<String> {
        vec![format!("{}.room.*", self.cluster), format!("{}.snap.*.*.*", self.cluster)]
    }

    /// The subjects of the directory.
    pub(super) fn all_known(&self) -> String {
        format!("{}.known.*", self.cluster)
    }

    /// The subject of a room in the directory.
    pub(super) fn known(&self, room: &str) -> String {
        format!("{}.known.{}", self.cluster, encoded(room))
    }

    /// The room of the directory that has this subject.
    pub(super) fn known_room(&self, subject: &str) -> Option<String> {
        let name = subject.strip_prefix(&self.cluster)?.strip_prefix(".known.")?;
        String::from_utf8(URL_SAFE_NO_PAD.decode(name).ok()?).ok()
    }

    pub(super) fn all_nodes(&self) -> String {
        format!("{}.node.*", self.cluster)
    }

    pub(super) fn node(&self, number: u16) -> String {
        format!("{}.node.{number}", self.cluster)
    }

    /// The number of the node whose record has this subject.
    pub(super) fn number_of(&self, subject: &str) -> Option<u16> {
        let number = subject.strip_prefix(&self.cluster)?.strip_prefix(".node.")?.parse().ok()?;
        (number < 1024).then_some(number)
    }

    pub(super) fn ids(&self, number: u16) -> String {
        format!("{}.ids.{number}", self.cluster)
    }

    pub(super) fn room(&self, room: &str) -> String {
        format!("{}.room.{}", self.cluster, encoded(room))
    }

    /// The subject of one piece of a record.
    pub(super) fn piece(&self, room: &str, epoch: u64, piece: usize) -> String {
        format!("{}.snap.{}.{epoch}.{piece}", self.cluster, encoded(room))
    }

    /// The subjects of all pieces of a room's records.
    pub(super) fn pieces(&self, room: &str) -> String {
        format!("{}.snap.{}.*.*", self.cluster, encoded(room))
    }

    /// The subject of messages to a node in this life.
    pub(super) fn to(&self, life: Life) -> String {
        format!("{}.to.{}.{}", self.cluster, life.number, life.since)
    }

    /// The subject of requests to a node in this life.
    pub(super) fn api(&self, life: Life) -> String {
        format!("{}.api.{}.{}", self.cluster, life.number, life.since)
    }
}

fn encoded(room: &str) -> String {
    URL_SAFE_NO_PAD.encode(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_a_short_plain_name() {
        assert!(Names::new("prod-2_a").is_ok() && Names::new(&"a".repeat(32)).is_ok());
        for name in ["", "a.b", "a b", "a>", "é", &"a".repeat(33)] {
            assert!(Names::new(name).is_err(), "{name}");
        }
    }

    #[test]
    fn subjects_are_those_of_the_protocol() {
        let names = Names::new("c").expect("it is valid");
        let life = Life { since: 9, number: 7 };
        assert_eq!(names.room("/a b/é"), "c.room.L2EgYi_DqQ");
        assert_eq!(names.piece("main", 5, 2), "c.snap.bWFpbg.5.2");
        assert_eq!(names.known_room(&names.known("/a b/é")), Some("/a b/é".into()));
        assert_eq!(
            ["d.known.bWFpbg", "c.known.!", "c.room.bWFpbg"].map(|subject| names.known_room(subject)),
            [const { None }; 3]
        );
        assert_eq!((names.to(life), names.api(life)), ("c.to.7.9".into(), "c.api.7.9".into()));
        assert_eq!(names.number_of(&names.node(1023)), Some(1023));
        for subject in ["c.node.1024", "c.node.x", "d.node.1", "c.ids.1"] {
            assert_eq!(names.number_of(subject), None, "{subject}");
        }
    }
}
