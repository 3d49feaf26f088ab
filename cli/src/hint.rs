//! What a component says about where it would be served, in a custom section that the SDK's build has written.

use std::path::Path;

use serde::Deserialize;

/// The section's name. Its content is JSON.
const SECTION: &[u8] = b"ws-host:app";

/// Where the app's own file would have it served. It is a hint: the host's owner decides.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Hint {
    file: String,
    port: Option<u16>,
}

impl Hint {
    /// The hint in a component's file, if it has any. A file that cannot be read is told of elsewhere.
    pub fn of(component: &Path) -> Self {
        let bytes = std::fs::read(component).unwrap_or_default();
        section(&bytes).and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default()
    }

    /// What to tell whoever serves it at another port: ports that differ would puzzle who reads the app's file.
    pub fn differs_from(&self, served: u16) -> Option<String> {
        let port = self.port.filter(|port| *port != served && *port != 0)?;
        Some(format!("{} names port {port}, and is served at {served}; --port {port} would serve it there", self.file))
    }
}

/// The content of the custom section. Sections are an id, a size and so many bytes; a custom section's id is 0, and it begins
/// with its name (component model, Binary.md).
fn section(component: &[u8]) -> Option<&[u8]> {
    let mut rest = component.get(8..)?;
    while let Some((id, behind)) = rest.split_first() {
        let (size, behind) = leb128(behind)?;
        let (content, next) = behind.split_at_checked(size)?;
        if *id == 0 {
            let (length, named) = leb128(content)?;
            if let Some((SECTION, json)) = named.split_at_checked(length) {
                return Some(json);
            }
        }
        rest = next;
    }
    None
}

/// A number in the LEB128 encoding, and what follows it. Sizes have 32 bits: five bytes at most.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_usize;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        number |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component that is nothing but a custom section of 200 bytes, and this one behind it.
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
    fn a_port_is_told_of_if_it_is_another_one() {
        let hint = hint(&component("ws-host:app", r#"{"file":"app.py","port":8000,"host":"localhost"}"#));
        let told = hint.differs_from(13254).expect("the ports differ");
        assert_eq!(told, "app.py names port 8000, and is served at 13254; --port 8000 would serve it there");
        assert_eq!(hint.differs_from(8000), None);
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
