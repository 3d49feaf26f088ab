//! `ws-host rooms`: the rooms of a running server.

use clap::Args;
use ws_host::api::{Request, RoomList};
use ws_host::app::rooms::{RoomInfo, RoomState};
use ws_host::log::printable;

use super::server::{PART, Part, Remote, all_parts, count};
use super::table::table;

/// `ws-host rooms`.
#[derive(Debug, Args)]
pub struct RoomsArguments {
    /// One room; without it, all rooms are listed
    #[arg(conflicts_with = "prefix")]
    pub name: Option<String>,
    /// List the rooms whose names begin with this
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// The running server.
    #[command(flatten)]
    pub remote: Remote,
}

/// Prints the rooms of a running server.
///
/// # Errors
/// No server answers, or it refuses.
pub fn rooms(arguments: &RoomsArguments) -> anyhow::Result<()> {
    let RoomsArguments { name, prefix, remote } = arguments;
    if let Some(name) = name {
        let room: RoomInfo = remote.ask(Request::get(["rooms", name]))?;
        return remote.show(&room, |room| in_words(std::slice::from_ref(room)));
    }
    let (rooms, missing) = all_parts(|after: Option<&String>| {
        let request = Request::get(["rooms"]).query("limit", PART).query("prefix", prefix.as_deref().unwrap_or_default());
        let RoomList { rooms, next, missing } =
            remote.ask(after.into_iter().fold(request, |request, after| request.query("after", after)))?;
        Ok(Part { entries: rooms, next, missing })
    })?;
    remote.show_list(&rooms, &missing, |rooms| format!("{}\n{}", in_words(rooms), count(rooms.len(), "room")))
}

fn in_words(rooms: &[RoomInfo]) -> String {
    let has_nodes = rooms.iter().any(|room| room.node.is_some());
    let row = |room: &RoomInfo| {
        let state = if room.state == RoomState::Open { "open" } else { "asleep" };
        let waiting = room.waiting + room.waiting_events;
        [
            printable(&room.name).into_owned(),
            state.to_owned(),
            room.clients.to_string(),
            match room.node {
                Some(node) => format!("{node}.{}", room.shard),
                // No node has it.
                None if has_nodes => "-".to_owned(),
                None => room.shard.to_string(),
            },
            waiting.to_string(),
        ]
    };
    let place = if has_nodes { "NODE.SHARD" } else { "SHARD" };
    table(["ROOM", "STATE", "CLIENTS", place, "WAITING"], rooms.iter().map(row))
}
