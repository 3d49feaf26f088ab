//! A client's attachment, which the host keeps as bytes.

use std::collections::BTreeMap;

use ws_guest::TimerId;

/// A client has at most this many topics. With the longest names (24 letters of 4 bytes) and timer ids they take
/// 64 * (96 + 22) bytes, well below the 16 KiB of an attachment.
pub const MAX_TOPICS: usize = 64;

/// The longest name of a person or a topic, in characters.
pub const MAX_WORD: usize = 24;

/// A client: its name and its topics. A topic has a timer while the client is typing there.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub topics: BTreeMap<String, Option<TimerId>>,
}

impl Person {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), topics: BTreeMap::new() }
    }

    /// Encodes a line with the name, then a line for each topic: `cats`, or `cats 7` with the timer.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = self.name.clone();
        for (topic, typing) in &self.topics {
            text += &typing.map_or_else(|| format!("\n{topic}"), |timer| format!("\n{topic} {timer}"));
        }
        text.into_bytes()
    }

    pub fn from_bytes(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines();
        let name = lines.next().unwrap_or_default().to_owned();
        let topics = lines.map(|line| match line.split_once(' ') {
            Some((topic, timer)) => (topic.to_owned(), timer.parse().ok()),
            None => (line.to_owned(), None),
        });
        Self { name, topics: topics.collect() }
    }
}

/// Whether a text can name a person or a topic. Blanks are not allowed, so that a name is one word of a line.
pub fn is_word(text: &str) -> bool {
    (1..=MAX_WORD).contains(&text.chars().count())
        && text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::{MAX_TOPICS, Person, is_word};

    #[test]
    fn a_person_is_restored_from_its_attachment() {
        let mut ada = Person::new("Ada");
        assert_eq!(Person::from_bytes(&ada.to_bytes()), ada);
        ada.topics = [("cats".to_owned(), Some(7)), ("dogs".to_owned(), None)].into();
        assert_eq!(ada.to_bytes(), b"Ada\ncats 7\ndogs");
        assert_eq!(Person::from_bytes(&ada.to_bytes()), ada);
        assert_eq!(Person::from_bytes(b""), Person::default());
    }

    #[test]
    fn the_largest_person_fits_into_an_attachment() {
        let longest = |n: usize| format!("{}{n:02}", "𝔸".repeat(22));
        assert!(is_word(&longest(0)));
        let topics = (0..MAX_TOPICS).map(|n| (longest(n), Some(u64::MAX))).collect();
        let largest = Person { name: longest(0), topics }.to_bytes();
        assert!(largest.len() <= 16 << 10, "{} bytes", largest.len());
    }

    #[test]
    fn names_are_short_words() {
        assert!(["Ada", "r2-d2", "7", "李"].iter().all(|word| is_word(word)));
        assert!(!["", "two words", "a\nb", &"a".repeat(25)].iter().any(|word| is_word(word)));
    }
}
