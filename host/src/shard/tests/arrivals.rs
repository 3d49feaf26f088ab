//! The arrival of clients, also at a shard that ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{Bench, TestClient, with_shard};
use crate::shard::command::Command;
use crate::shard::new_connection::{NewConnection, Permit};
use crate::shard::resume::Claim;
use crate::types::{Client, ClientId, CloseInfo, Request};

impl Bench {
    /// Connects a client, which is told that it has joined.
    pub(super) async fn join(&self, room: &str) -> TestClient {
        self.join_from(room, Ipv4Addr::LOCALHOST).await
    }

    /// The same for a client that the front says has this address.
    pub(super) async fn join_from(&self, room: &str, address: Ipv4Addr) -> TestClient {
        self.connect(room, address, None).await
    }

    /// The same for a client that perhaps asks for a session.
    pub(super) async fn connect(&self, room: &str, address: Ipv4Addr, claim: Option<Claim>) -> TestClient {
        let (client, command) = self.arrival(room, address, claim).await;
        self.command(command).await;
        client
    }

    /// A client that is on its way to the shard, and the command that brings it.
    pub(super) async fn arrival(&self, room: &str, address: Ipv4Addr, claim: Option<Claim>) -> (TestClient, Command) {
        let client = TcpStream::connect(self.listener.local_addr().expect("it listens")).await.expect("it accepts");
        let (stream, at) = self.listener.accept().expect("a client has connected");
        let address = SocketAddr::from((address, at.port()));
        stream.set_nonblocking(true).expect("a socket can be");
        let id = {
            let mut next = self.next_id.borrow_mut();
            *next += 1;
            ClientId::from(*next)
        };
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("it is free");
        let connection = NewConnection {
            stream,
            tls: None,
            answer: Vec::new(),
            first: Bytes::new(),
            trace: None,
            attachment: Bytes::new(),
            client: Client { id, address, request: Request::new("/", "", [] as [(&str, &str); 0]), agreed: None },
            agreement: None,
            claim,
            permit: Permit::new(permit, None),
        };
        let client = TestClient(WebSocketStream::from_raw_socket(client, Role::Client, None).await);
        (client, Command::Join(room.into(), connection))
    }
}

#[test]
fn a_client_that_arrives_while_the_shard_drains_is_closed_as_the_others_are() {
    with_shard(async |shard| {
        let _other = shard.join("a").await;
        let way = shard.commands.clone().reserve_owned().await.expect("the shard runs");
        shard.command(Command::Drain(Instant::now() + Duration::from_secs(60), CloseInfo::restart())).await;
        while !shard.commands.is_closed() {
            tokio::task::yield_now().await;
        }
        let (mut late, command) = shard.arrival("a", Ipv4Addr::LOCALHOST, None).await;
        way.send(command);
        let heard = late.hears().await;
        assert_eq!(if heard == "joined 2" { late.hears().await } else { heard }, "close 1012");
    });
}

#[test]
fn a_client_that_hangs_up_before_it_has_its_answer_is_nobody_in_the_room() {
    with_shard(async |shard| {
        let mut bystander = shard.join("a").await;
        assert_eq!(bystander.hears().await, "joined 1");
        let (gone, command) = shard.arrival("a", Ipv4Addr::LOCALHOST, None).await;
        let Command::Join(room, connection) = command else { panic!("an arrival joins") };
        socket2::SockRef::from(gone.0.get_ref()).set_linger(Some(Duration::ZERO)).expect("a socket can be reset");
        drop(gone);
        let answer = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        shard.command(Command::Join(room, NewConnection { answer, ..connection })).await;
        bystander.says_and_hears("hello", "hello").await;
    });
}
