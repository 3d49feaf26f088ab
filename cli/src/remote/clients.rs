//! `ws-host clients`: the clients of a running server.

use clap::Args;
use ws_host::api::{ClientList, Request};
use ws_host::app::rooms::ClientInfo;
use ws_host::log::printable;

use super::server::{PART, Part, Remote, age, all_parts, count};
use super::table::table;

/// `ws-host clients`.
#[derive(Debug, Args)]
pub struct ClientsArguments {
    /// One client, with its topics; without it, all clients are listed
    #[arg(conflicts_with_all = ["room", "user"])]
    pub id: Option<u64>,
    /// List the clients of this room
    #[arg(long, value_name = "NAME", conflicts_with = "user")]
    pub room: Option<String>,
    /// List the clients of this user
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// The running server.
    #[command(flatten)]
    pub remote: Remote,
}

/// Prints the clients of a running server.
///
/// # Errors
/// No server answers, or it refuses.
pub fn clients(arguments: &ClientsArguments) -> anyhow::Result<()> {
    let ClientsArguments { id, room, user, remote } = arguments;
    if let Some(id) = id {
        let client: ClientInfo = remote.ask(Request::get(["clients", &id.to_string()]))?;
        return remote.show(&client, alone_in_words);
    }
    let first = || match (room, user) {
        (Some(room), _) => Request::get(["rooms", room, "clients"]),
        (None, Some(user)) => Request::get(["clients"]).query("user", user),
        (None, None) => Request::get(["clients"]),
    };
    let (clients, missing) = all_parts(|after: Option<&u64>| {
        let request = first().query("limit", PART);
        let ClientList { clients, next, missing } =
            remote.ask(after.into_iter().fold(request, |request, after| request.query("after", after)))?;
        Ok(Part { entries: clients, next, missing })
    })?;
    remote.show_list(&clients, &missing, |clients| format!("{}\n{}", in_words(clients), count(clients.len(), "client")))
}

fn in_words(clients: &[ClientInfo]) -> String {
    let row = |client: &ClientInfo| {
        let user = client.user.as_deref().map_or_else(|| "-".into(), printable).into_owned();
        let room = printable(&client.room).into_owned();
        let (address, since) = (client.address.to_string(), age(client.connected_unix));
        [client.id.to_string(), user, room, address, since, client.buffered_amount.to_string()]
    };
    table(["ID", "USER", "ROOM", "ADDRESS", "CONNECTED", "BUFFERED"], clients.iter().map(row))
}

fn alone_in_words(client: &ClientInfo) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "none".into(), printable).into_owned();
    let topics = client.topics.as_ref().map_or_else(
        || "not known: a handler of its room runs".to_owned(),
        |topics| if topics.is_empty() { "none".to_owned() } else { printable(&topics.join(", ")).into_owned() },
    );
    let node = client.node.map_or_else(String::new, |node| format!("node         {node}\n"));
    format!(
        "client       {}\nuser         {}\nroom         {}\n{node}address      {}\npath         {}\nsubprotocol  {}\nconnected    for {}\nbuffered     {} bytes\ntopics       {topics}",
        client.id,
        text(&client.user),
        printable(&client.room),
        client.address,
        printable(&client.path),
        text(&client.subprotocol),
        age(client.connected_unix),
        client.buffered_amount
    )
}
