//! Messages that clients begin and do not finish: they cost the host neither memory nor time without end.

use std::time::Duration;

use crate::support::deflate::{Deflating, deflate};
use crate::support::http::{Raw, text_frame, upgrade};
use crate::support::raw::frame;
use crate::support::{Client, Embedded, Host, Memory, command, guest};
use ws_host::Server;
use ws_host::config::Limits;

/// The first byte of a text frame that is not the last of its message, and is compressed.
const BEGINS_COMPRESSED: u8 = 0x41;
const CLIENTS: usize = 150;

#[tokio::test]
async fn clients_that_inflate_and_never_finish_are_bounded_together() {
    let mut command = command();
    command.env("MIMALLOC_PURGE_DELAY", "0");
    command.arg("run").arg(guest("probe")).args(["--port", "0", "--client-memory", "32MiB"]);
    let mut host = Host::start(command);
    let memory = Memory::of(&host);
    // Of some 1,000 bytes, 1 MiB but for one byte.
    let mut bomb = deflate(&vec![b'x'; (1 << 20) - 1]);
    bomb.truncate(bomb.len() - 1);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Deflating::connect(&host.address, "permessage-deflate; client_no_context_takeover");
        client.raw.tries(&frame(BEGINS_COMPRESSED, &bomb));
        clients.push(client);
    }
    let log = host.logs("the clients of a shard made the host hold more than 32 MiB");
    assert!(log.contains("of them are closed"), "{log}");
    let (mut newcomer, _) = Client::join(&host).await;
    assert_eq!(crate::support::raw::asks(&mut newcomer, "say here").await, "here");
    memory.stayed_within(32 + 8 + 40);
}

#[test]
fn a_client_that_answers_pings_but_never_finishes_its_message_is_cut() {
    let limits = Limits::with(|limits| {
        limits.ping_interval = Duration::from_millis(200);
        limits.message_timeout = Duration::from_secs(1);
    });
    let app = Server::builder().limits(limits).on_message(|room, client, message| assert!(room.send(client.id, message).is_ok()));
    let server = Embedded::start(app);
    let join = || {
        let mut raw = Raw::connect(&server.address);
        raw.says(upgrade("/", &[]).as_bytes());
        assert_eq!(raw.head().status, 101);
        raw
    };
    let (mut idle, mut slow) = (join(), join());
    slow.says(&frame(0x01, b"it begins"));
    let mut pings = 0;
    // Each pong is a sign of life, and so is each fragment.
    while !slow.ends_within(Duration::from_secs(20)) {
        assert_eq!(slow.frame(), (0x89, Vec::new()));
        slow.tries(&[frame(0x8a, b""), frame(0x00, b"and goes on")].concat());
        pings += 1;
    }
    assert!((1..20).contains(&pings), "{pings}");
    idle.says(&text_frame("hi"));
    while idle.frame() != (0x81, b"hi".to_vec()) {}
}
