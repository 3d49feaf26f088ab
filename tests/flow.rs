//! Too much for some does not harm the others: fan-out, clients that do not read, clients that write too much.

mod support;

use std::sync::{Arc, Mutex, mpsc};

use support::{Client, Embedded};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use ws_host::more::{ClientId, Instances, Outcome};
use ws_host::{App, Client as Member, Message, Room, Server};

/// Broadcasts a lot when it is told to, and says in which order things happen.
struct FanOut {
    tell: UnboundedSender<String>,
    go_on: Arc<Mutex<mpsc::Receiver<()>>>,
}

/// With ten members, five times as many deliveries as are made in a row.
const BROADCASTS: usize = 50_000;
const MEMBERS: usize = 10;

impl App for FanOut {
    async fn on_new_client(&mut self, room: &mut Room, client: &Member) -> Outcome {
        room.send(client.id, format!("joined {}", client.id)).ok();
        Ok(())
    }

    async fn on_message(&mut self, room: &mut Room, _from: ClientId, message: Message) -> Outcome {
        self.tell.send(message.as_text().unwrap_or_default().to_owned()).ok();
        if message.as_text() == Some("fan out") {
            // Holds the shard until the other room's message waits in its socket.
            self.go_on.lock().expect("nobody panics").recv().ok();
            assert!((0..BROADCASTS).all(|_| room.broadcast("x").is_ok()));
        }
        Ok(())
    }
}

#[tokio::test]
async fn while_a_room_hands_out_what_it_has_broadcast_the_others_of_its_shard_go_on() {
    let (tell, mut told) = unbounded_channel();
    let (go, go_on) = mpsc::channel();
    let go_on = Arc::new(Mutex::new(go_on));
    let make = move || FanOut { tell: tell.clone(), go_on: Arc::clone(&go_on) };
    let server = Embedded::start(Server::builder().app(make).instances(Instances::PerRoom).shards(1));
    let mut members = Vec::new();
    for _ in 0..MEMBERS {
        members.push(Client::connect_url(&server.url("/crowd")).await.has_joined().await.0);
    }
    let (mut other, _) = Client::connect_url(&server.url("/other")).await.has_joined().await;
    members[0].says_at_once(&["fan out", "after it"]).await;
    assert_eq!(told.recv().await.as_deref(), Some("fan out"));
    other.says("meanwhile").await;
    go.send(()).expect("the handler waits");
    assert_eq!(told.recv().await.as_deref(), Some("meanwhile"), "it comes in between");
    assert_eq!(told.recv().await.as_deref(), Some("after it"), "no event of the room itself does");
    for member in &mut members {
        for _ in 0..BROADCASTS {
            assert_eq!(member.hears().await, "x");
        }
    }
}
