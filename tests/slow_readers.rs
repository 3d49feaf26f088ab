//! Clients on slow lines: as long as they read, they are not dead.

use std::time::Duration;

use crate::support::Embedded;
use crate::support::http::{Raw, text_frame, upgrade};
use ws_host::Server;
use ws_host::app::Message;
use ws_host::config::Limits;

const PING: u8 = 0x89;
/// A client's pong: masked with zeros, without a payload.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];
/// The time between two ticks of the clock.
const TICK: Duration = Duration::from_millis(200);
/// A client is given up after this time.
const PATIENCE: Duration = Duration::from_millis(1000);

/// A server that sends as many messages of this size as it is told, and then closes the client if it is told `close`.
fn sends(piece: usize) -> Embedded {
    let limits = Limits::with(|limits| {
        (limits.ping_interval, limits.pong_timeout, limits.close_timeout) = (TICK, PATIENCE, PATIENCE);
        limits.outbox_hard_bytes = 64 << 20;
    });
    Embedded::start(Server::builder().limits(limits).on_message(move |room, client, message| {
        let text = message.as_text().unwrap_or_default();
        let count = text.split(' ').find_map(|word| word.parse().ok()).unwrap_or(0);
        assert!((0..count).all(|_| room.send(client.id, Message::binary(vec![7; piece])).is_ok()));
        match text.split_once(' ') {
            Some(("close", _)) => drop(room.close(client.id, 1000, "bye")),
            Some(_) => {}
            None => assert!(room.send(client.id, message).is_ok()),
        }
    }))
}

fn join(server: &Embedded) -> Raw {
    let mut raw = Raw::connect(&server.address);
    raw.says(upgrade("/", &[]).as_bytes());
    assert_eq!(raw.head().status, 101);
    raw
}

/// Waits for the server's next ping to an idle client, which comes about as often as the clock ticks.
fn tick(clock: &mut Raw) {
    assert_eq!(clock.frame(), (PING, Vec::new()));
    clock.says(&PONG);
}

#[test]
fn a_slow_reader_that_answers_pings_when_they_reach_it_stays() {
    const PIECES: usize = 16;
    let server = sends(64 << 10);
    let (mut clock, mut slow) = (join(&server), join(&server));
    slow.buffers_little();
    slow.says(&text_frame(&format!("send {PIECES}")));
    for _ in 0..PIECES {
        tick(&mut clock);
        assert_eq!(slow.frame().1.len(), 64 << 10);
    }
    assert_eq!(slow.frame(), (PING, Vec::new()));
    slow.says(&[&PONG[..], &text_frame("here")].concat());
    assert_eq!(slow.hears(), "here");
}

#[test]
fn a_slow_reader_gets_everything_that_was_sent_before_the_close_frame_and_then_that() {
    const PIECES: usize = 20;
    let server = sends(1 << 20);
    let (mut clock, mut slow) = (join(&server), join(&server));
    slow.says(&text_frame(&format!("close {PIECES}")));
    for _ in 0..PIECES / 2 {
        tick(&mut clock);
        assert_eq!([slow.frame().1.len(), slow.frame().1.len()], [1 << 20; 2]);
    }
    assert_eq!(slow.is_closed(), (1000, "bye".to_owned()));
}
