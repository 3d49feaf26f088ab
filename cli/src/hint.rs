//! The port that an app's source asks for, read from a custom section of the component that the SDK's build writes.

use std::path::Path;

use serde::Deserialize;
use ws_host::file;
use ws_host::log::in_short;
use ws_host::sections::sections;

/// The section's name. Its content is JSON.
const SECTION: &[u8] = b"ws-host:app";

/// The app's own choice of a port. It is only a hint: the host's owner decides.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Hint {
    file: String,
    port: Option<u16>,
}

impl Hint {
    /// Reads the hint of a component's file. It is empty without a section, or if the file cannot be read.
    pub fn of(component: &Path) -> Self {
        let bytes = file::read(component, file::MAX_COMPONENT_BYTES).unwrap_or_default();
        section(&bytes).and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default()
    }

    /// Returns a log line if the app asks for another port than the one it is served at.
    pub fn differs_from(&self, served: u16) -> Option<String> {
        let port = self.port.filter(|port| *port != served && *port != 0)?;
        let file = in_short(&self.file);
        Some(format!("{file} asks for port {port} but is served at {served}; use --port {port} to serve it there"))
    }
}

/// The content of the custom section.
fn section(component: &[u8]) -> Option<&[u8]> {
    sections(component).find_map(|section| section.custom().filter(|(name, _)| *name == SECTION).map(|(_, json)| json))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component of two custom sections: one of 200 bytes, then this one.
    fn component(name: &str, content: &str) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        bytes.extend([0, 0xca, 0x01, 1, b'x']);
        bytes.extend([7; 200]);
        let size = 1 + name.len() + content.len();
        bytes.extend([0, u8::try_from(size).expect("short"), u8::try_from(name.len()).expect("short")]);
        bytes.extend([name.as_bytes(), content.as_bytes()].concat());
        bytes
    }

    fn hint(bytes: &[u8]) -> Hint {
        section(bytes).and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default()
    }

    #[test]
    fn a_hint_of_another_port_is_reported() {
        let hint = hint(&component("ws-host:app", r#"{"file":"app.py","port":8000,"host":"localhost"}"#));
        let line = hint.differs_from(13254).expect("the ports differ");
        assert_eq!(line, "app.py asks for port 8000 but is served at 13254; use --port 8000 to serve it there");
        assert_eq!(hint.differs_from(8000), None);
    }

    #[test]
    fn a_hint_is_one_line_whatever_file_it_names() {
        let hint = hint(&component("ws-host:app", r#"{"file":"a\nERROR \u009b2J","port":8000}"#));
        let line = hint.differs_from(13254).expect("the ports differ");
        assert!(line.starts_with("a\\nERROR \\u{9b}2J asks for port 8000"), "{line}");
    }

    #[test]
    fn a_component_without_the_section_or_a_damaged_one_has_no_hint() {
        let whole = component("ws-host:app", r#"{"port":1}"#);
        assert_ne!(hint(&whole), Hint::default());
        assert_eq!(hint(&component("ws-host:apq", r#"{"port":1}"#)), Hint::default());
        assert_eq!(hint(&component("ws-host:app", r#"{"port":"x"}"#)), Hint::default());
        for length in 0..whole.len() {
            assert_eq!(hint(&whole[..length]), Hint::default(), "{length}");
        }
    }
}
