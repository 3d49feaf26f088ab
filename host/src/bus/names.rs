//! The names that rooms can have.

use std::borrow::Cow;

use crate::path;

/// The longest name of a room. A longer path names none.
pub const MAX_NAME_BYTES: usize = 256;

/// The names that the rooms of one server can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// This one: all clients share the room.
    One(&'static str),
    /// Paths in their normal form.
    Paths,
    /// Segments of paths in their normal form.
    Segments,
    /// None: each room belongs to one client.
    Nameless,
}

impl Names {
    /// The name in its normal form. `None` if no room can have it.
    pub(super) fn normal(self, room: &str) -> Option<Cow<'_, str>> {
        let is_path = match self {
            Self::One(name) => return (room == name).then_some(Cow::Borrowed(room)),
            Self::Nameless => return None,
            Self::Paths => room.starts_with('/'),
            Self::Segments => !room.contains('/'),
        };
        // A longer name has more than this in each of its forms.
        if !is_path || room.is_empty() || room.len() > 3 * MAX_NAME_BYTES {
            return None;
        }
        let normal = path::normal(room);
        let is_name =
            normal.len() <= MAX_NAME_BYTES && normal.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
        is_name.then_some(normal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_room_in_its_normal_form() {
        assert_eq!(Names::Paths.normal("/room/blue").as_deref(), Some("/room/blue"));
        assert_eq!(Names::Paths.normal("/caf\u{e9}").as_deref(), Some("/caf%C3%A9"));
        assert_eq!(Names::Segments.normal("%62lue").as_deref(), Some("blue"));
        assert_eq!(Names::Paths.normal(&format!("/{}", "%61".repeat(255))).map(|name| name.len()), Some(256));
    }

    #[test]
    fn no_room_has_a_name_that_no_path_has() {
        for name in ["", "blue", "/a b", "/a?b", "/a#b", "/a\n", &format!("/{}", "x".repeat(256))] {
            assert_eq!(Names::Paths.normal(name), None, "{name:?}");
        }
        for name in ["", "/blue", "a/b", "a b"] {
            assert_eq!(Names::Segments.normal(name), None, "{name:?}");
        }
    }

    #[test]
    fn the_room_of_all_clients_has_one_name_and_rooms_of_one_client_have_none() {
        assert_eq!(Names::One("main").normal("main").as_deref(), Some("main"));
        assert_eq!(Names::One("main").normal("/main"), None);
        assert_eq!(Names::Nameless.normal("/main"), None);
        assert_eq!(Names::Nameless.normal(""), None);
    }
}
