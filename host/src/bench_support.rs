//! A guest's handlers, called as a shard calls them but without sockets, for benches.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use crate::app::{App, Fault, Launch, StartReason};
use crate::config::{Grants, Limits};
use crate::error::Error;
use crate::guest::{Engine, Program};
use crate::room::{LineId, Member, Room, RoomLimits};
use crate::types::{Client, ClientId, Message, Request};

const CLIENT: ClientId = ClientId::new(1);

/// A room with one instance of a guest and one client.
#[allow(missing_debug_implementations, reason = "an instance has no useful one")]
pub struct GuestRoom {
    runtime: tokio::runtime::Runtime,
    app: <Program as Launch>::App,
    room: Room,
    member: Arc<Member>,
}

impl GuestRoom {
    /// Loads the component in this file and lets one client in.
    ///
    /// # Errors
    /// As for a server.
    pub fn new(component: &Path) -> Result<Self, Error> {
        let limits = Limits::default();
        let program = Program::load(&Engine::new()?, component, &limits, &Grants::default())?;
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|source| Error::System { what: "start an event loop", source })?;
        let mut room = Room::new("bench", RoomLimits::from(&limits), std::time::Instant::now);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        let client = Client { id: CLIENT, address, request: Request::new("/", "", [] as [(&str, &str); 0]), agreed: None };
        let member = Arc::new(Member::new(client, LineId { shard: 0, slot: 0 }));
        room.join(Arc::clone(&member), bytes::Bytes::new());
        let app = runtime.block_on(async {
            let mut app = program.launch("bench").await?;
            app.on_start(&mut room, StartReason::Fresh, None).await?;
            app.on_new_client(&mut room, &member.client).await?;
            Ok(app)
        });
        let app = app.map_err(|fault: Fault| Error::Start { name: program.name().to_owned(), reason: fault.message })?;
        Ok(Self { runtime, app, room, member })
    }

    /// Calls the guest with a message from the client, `times` times, and drops its answers. Returns the size of their frames in
    /// bytes.
    ///
    /// # Errors
    /// The guest fails.
    pub fn on_message(&mut self, message: &Message, times: usize) -> Result<usize, Error> {
        let Self { runtime, app, room, member } = self;
        let handled = runtime.block_on(async {
            let mut sent = 0;
            for _ in 0..times {
                app.on_message(room, CLIENT, message.clone()).await?;
                let turn = room.commit();
                room.reuse(turn);
                sent += member.waiting_bytes();
                member.sub_waiting(member.waiting_bytes());
            }
            Ok(sent)
        });
        handled.map_err(|fault: Fault| Error::System { what: "call the guest", source: io::Error::other(fault.message) })
    }
}
