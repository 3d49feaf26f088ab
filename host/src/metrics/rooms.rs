//! The families of rooms, guests and releases.

use super::Metrics;
use super::text::Text;
use crate::log::printable;

/// The numbers of all rooms.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoomNumbers {
    pub(super) open: u64,
    pub(super) asleep: u64,
    pub(super) opened: u64,
    /// The memory of messages between rooms that wait.
    pub(super) waiting_bytes: u64,
    /// The instances of guests, and their memory. `None` for a native app.
    pub(super) guests: Option<(u64, u64)>,
}

impl RoomNumbers {
    pub(super) fn write(&self, text: &mut Text) {
        text.gauge("ws_host_rooms", "Rooms that are open, and rooms that sleep: nobody is in them, and their state is kept.")
            .by_name("state", ["open", "asleep"], [self.open, self.asleep]);
        text.counter("ws_host_rooms_opened_total", "Rooms that have opened, for the first time or again.").value(self.opened);
        text.gauge("ws_host_room_messages_waiting_bytes", "Memory of the messages between rooms that wait for their receivers.")
            .value(self.waiting_bytes);
        if let Some((instances, bytes)) = self.guests {
            text.gauge("ws_host_instances", "Instances of the component.").value(instances);
            text.gauge(
                "ws_host_guest_memory_bytes",
                "Linear memory of all instances: what they have asked for, not what is resident.",
            )
            .value(bytes);
        }
    }
}

impl Metrics {
    /// The releases of a component; a native app has none.
    pub(super) fn write_swaps(&self, text: &mut Text) {
        let Some(swaps) = &self.swaps else { return };
        let file = swaps.release.file.file_name().unwrap_or(swaps.release.file.as_os_str()).to_string_lossy();
        text.gauge("ws_host_release_info", "The file and the SHA-256 of the running component; always 1.")
            .labelled(&[("file", &printable(&file)), ("sha256", &swaps.release.sha256)], 1);
        text.gauge("ws_host_release_start_time_seconds", "When the running release began, in seconds since 1970.")
            .value(swaps.release.since_unix);
        text.counter(
            "ws_host_swaps_total",
            "Changes of the release: done, refused, or failed in the probation, after which the server went back by itself.",
        )
        .by_name("result", ["done", "refused", "failed"], [swaps.done, swaps.refused, swaps.failed]);
    }
}
