//! A line of an export: one key, timer, request, message, saved state, or a room's own facts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::store::write::{DurableTimer, OpenRequest, Snapshot, StoredEvent, Write};
use crate::store::{MAX_KEY_BYTES, MAX_TIMER_ID, MAX_VALUE_BYTES};

/// One line of an export, as JSON: `{"room":"lobby","key":"name","value":"Ada"}`.
///
/// Bytes that are UTF-8 are `value`, others `base64`. Times are microseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The room's name.
    pub room: String,
    /// A key of the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A timer's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer: Option<u64>,
    /// When the timer is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<u64>,
    /// The interval of a repeating timer, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// The id of a request to an HTTP server that has no answer yet. Its value is the context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
    /// The id of a message to another room that it has not handled. The messages of all rooms are in the order of their ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// The receiver of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether the message is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<bool>,
    /// The SHA-256 of the release that saved this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// The name of that release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The name that the app gives the format of the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When the state was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<u64>,
    /// When the room was last opened or closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// Whether the room has ended in good order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean: Option<bool>,
    /// The value, payload or state, if it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The same in base64, for any bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// Why a record cannot be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It has not exactly one of the fields that tell its kind.
    #[error("it needs one of key, timer, request, event, snapshot and clean")]
    Kind,
    /// The bytes are missing, or there twice.
    #[error("it needs either value or base64")]
    Value,
    /// The base64 is invalid.
    #[error("its base64 is invalid")]
    Base64,
    /// A field of its kind is missing.
    #[error("it lacks {0}")]
    Missing(&'static str),
    /// The key is longer than a key may be.
    #[error("its key is longer than 512 bytes")]
    LongKey,
    /// The value is larger than a value may be.
    #[error("its value is larger than 128 KiB")]
    LargeValue,
    /// The id of the timer, request or event is larger than such ids are.
    #[error("its timer, request or event is larger than 9007199254740991, 2^53 - 1")]
    LargeId,
    /// A text is not UTF-8.
    #[error("its text is not UTF-8")]
    Text,
    /// A repeating timer would run all the time.
    #[error("its every is 0. Leave it out for a timer that runs once")]
    ZeroInterval,
}

/// The change that a record asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A change by the store's own writes.
    Write(Write),
    /// The room's own facts.
    Room { used_us: u64, clean: bool },
}

impl Record {
    pub(super) fn of_entry(room: &str, key: String, value: &[u8]) -> Self {
        Self { room: room.to_owned(), key: Some(key), ..Self::default() }.with(value)
    }

    pub(super) fn of_timer(room: &str, timer: &DurableTimer) -> Self {
        let DurableTimer { id, due_us, every_us, payload } = timer;
        Self { room: room.to_owned(), timer: Some(*id), due: Some(*due_us), every: *every_us, ..Self::default() }.with(payload)
    }

    pub(super) fn of_request(room: &str, OpenRequest { id, context }: &OpenRequest) -> Self {
        Self { room: room.to_owned(), request: Some(*id), ..Self::default() }.with(context)
    }

    pub(super) fn of_event(room: &str, StoredEvent { id, to, is_text, payload }: &StoredEvent) -> Self {
        let (to, text) = (Some((**to).to_owned()), Some(*is_text));
        Self { room: room.to_owned(), event: Some(*id), to, text, ..Self::default() }.with(payload)
    }

    pub(super) fn of_snapshot(room: &str, snapshot: &Snapshot) -> Self {
        let Snapshot { release, sha256, version, data, saved_us } = snapshot;
        let record = Self {
            room: room.to_owned(),
            snapshot: Some((**sha256).to_owned()),
            release: Some((**release).to_owned()),
            version: Some(version.clone()),
            saved: Some(*saved_us),
            ..Self::default()
        };
        record.with(data)
    }

    /// The bytes of the value, payload or state.
    pub fn bytes(&self) -> Option<usize> {
        let decoded = |text: &String| text.trim_end_matches('=').len() * 3 / 4;
        self.value.as_ref().map(String::len).or_else(|| self.base64.as_ref().map(decoded))
    }

    fn with(mut self, bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.value = Some(text.to_owned()),
            Err(_) => self.base64 = Some(STANDARD.encode(bytes)),
        }
        self
    }

    /// Checks the record.
    pub(super) fn change(self) -> Result<Change, RecordError> {
        let bytes = |value: Option<String>, base64: Option<String>| match (value, base64) {
            (Some(text), None) => Ok(Bytes::from(text)),
            (None, Some(text)) => STANDARD.decode(text).map(Bytes::from).map_err(|_| RecordError::Base64),
            _ => Err(RecordError::Value),
        };
        match (self.key, self.timer, self.request, self.event, self.snapshot, self.clean) {
            (Some(key), None, None, None, None, None) => {
                let value = bytes(self.value, self.base64)?;
                match () {
                    () if key.len() > MAX_KEY_BYTES => Err(RecordError::LongKey),
                    () if value.len() > MAX_VALUE_BYTES => Err(RecordError::LargeValue),
                    () => Ok(Change::Write(Write::Set(key.into(), value))),
                }
            }
            (None, Some(id), None, None, None, None) => {
                if id > MAX_TIMER_ID {
                    return Err(RecordError::LargeId);
                }
                if self.every == Some(0) {
                    return Err(RecordError::ZeroInterval);
                }
                let due_us = self.due.ok_or(RecordError::Missing("due"))?;
                let payload = bytes(self.value, self.base64)?;
                Ok(Change::Write(Write::SetTimer(DurableTimer { id, due_us, every_us: self.every, payload })))
            }
            (None, None, Some(id), None, None, None) | (None, None, None, Some(id), None, None) if id > MAX_TIMER_ID => {
                Err(RecordError::LargeId)
            }
            (None, None, Some(id), None, None, None) => {
                Ok(Change::Write(Write::SetRequest(OpenRequest { id, context: bytes(self.value, self.base64)? })))
            }
            (None, None, None, Some(id), None, None) => {
                let is_text = self.text.ok_or(RecordError::Missing("text"))?;
                let to = self.to.ok_or(RecordError::Missing("to"))?.into();
                let payload = bytes(self.value, self.base64)?;
                if is_text && std::str::from_utf8(&payload).is_err() {
                    return Err(RecordError::Text);
                }
                Ok(Change::Write(Write::SetEvent(StoredEvent { id, to, is_text, payload })))
            }
            (None, None, None, None, Some(sha256), None) => Ok(Change::Write(Write::Save(Snapshot {
                release: self.release.ok_or(RecordError::Missing("release"))?.into(),
                sha256: sha256.into(),
                version: self.version.ok_or(RecordError::Missing("version"))?,
                data: bytes(self.value, self.base64)?,
                saved_us: self.saved.ok_or(RecordError::Missing("saved"))?,
            }))),
            (None, None, None, None, None, Some(clean)) => {
                Ok(Change::Room { used_us: self.used.ok_or(RecordError::Missing("used"))?, clean })
            }
            _ => Err(RecordError::Kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> RecordError {
        serde_json::from_str::<Record>(json).expect("it is JSON").change().expect_err("it is refused")
    }

    #[test]
    fn a_value_is_text_or_base64() {
        let text = Record::of_entry("r", "k".into(), b"caf\xc3\xa9");
        assert_eq!(serde_json::to_string(&text).expect("it is JSON"), r#"{"room":"r","key":"k","value":"café"}"#);
        let bytes = Record::of_entry("r", "k".into(), &[255, 0]);
        assert_eq!(serde_json::to_string(&bytes).expect("it is JSON"), r#"{"room":"r","key":"k","base64":"/wA="}"#);
        assert_eq!(bytes.change(), Ok(Change::Write(Write::Set("k".into(), Bytes::from_static(&[255, 0])))));
    }

    #[test]
    fn timers_requests_and_snapshots_keep_all_of_their_fields() {
        let timer = DurableTimer { id: MAX_TIMER_ID, due_us: 5, every_us: Some(7), payload: "p".into() };
        assert_eq!(Record::of_timer("r", &timer).change(), Ok(Change::Write(Write::SetTimer(timer))));
        let request = OpenRequest { id: MAX_TIMER_ID, context: Bytes::from_static(&[200]) };
        assert_eq!(Record::of_request("r", &request).change(), Ok(Change::Write(Write::SetRequest(request))));
        let event = StoredEvent { id: MAX_TIMER_ID, to: "/b".into(), is_text: true, payload: "hello".into() };
        assert_eq!(Record::of_event("r", &event).change(), Ok(Change::Write(Write::SetEvent(event))));
        let (release, sha256) = ("app.wasm".into(), "ab".into());
        let snapshot = Snapshot { release, sha256, version: "1".into(), data: Bytes::from_static(&[200]), saved_us: 9 };
        assert_eq!(Record::of_snapshot("r", &snapshot).change(), Ok(Change::Write(Write::Save(snapshot))));
    }

    #[test]
    fn a_record_that_cannot_be_kept_is_refused_with_the_reason() {
        assert_eq!(refusal(r#"{"room":"r","value":"v"}"#), RecordError::Kind);
        assert_eq!(refusal(r#"{"room":"r","key":"k","timer":1,"value":"v"}"#), RecordError::Kind);
        assert_eq!(refusal(r#"{"room":"r","key":"k"}"#), RecordError::Value);
        assert_eq!(refusal(r#"{"room":"r","key":"k","value":"v","base64":"dg=="}"#), RecordError::Value);
        assert_eq!(refusal(r#"{"room":"r","key":"k","base64":"?"}"#), RecordError::Base64);
        assert_eq!(refusal(r#"{"room":"r","timer":1,"value":"v"}"#), RecordError::Missing("due"));
        let after = MAX_TIMER_ID + 1;
        assert_eq!(refusal(&format!(r#"{{"room":"r","timer":{after},"due":1,"value":"v"}}"#)), RecordError::LargeId);
        assert_eq!(refusal(&format!(r#"{{"room":"r","request":{after},"value":"v"}}"#)), RecordError::LargeId);
        assert_eq!(refusal(r#"{"room":"r","timer":1,"due":1,"every":0,"value":"v"}"#), RecordError::ZeroInterval);
        assert_eq!(refusal(&format!(r#"{{"room":"r","event":{after},"value":"v"}}"#)), RecordError::LargeId);
        assert_eq!(refusal(r#"{"room":"r","event":1,"text":true,"value":"v"}"#), RecordError::Missing("to"));
        assert_eq!(refusal(r#"{"room":"r","event":1,"to":"/b","text":true,"base64":"/wA="}"#), RecordError::Text);
        let long = "k".repeat(MAX_KEY_BYTES + 1);
        assert_eq!(refusal(&format!(r#"{{"room":"r","key":"{long}","value":"v"}}"#)), RecordError::LongKey);
        let large = "v".repeat(MAX_VALUE_BYTES + 1);
        assert_eq!(refusal(&format!(r#"{{"room":"r","key":"k","value":"{large}"}}"#)), RecordError::LargeValue);
    }
}
