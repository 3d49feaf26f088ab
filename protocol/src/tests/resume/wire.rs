//! The messages of the protocol as text.

use std::time::Duration;

use crate::Message;
use crate::resume::{Breach, Fresh, FromClient, FromHost, Hello, Token, Welcome};

const TOKEN: &str = "000102030405060708090a0b0c0d0e0f";

fn token() -> Token {
    TOKEN.parse().expect("it has 32 digits")
}

#[test]
fn a_clients_messages_are_written_and_read() {
    let hello = |token, received| FromClient::Hello(Hello { token, received });
    let all = [
        (hello(None, 0), "h1 - 0".to_owned()),
        (hello(Some(token()), 12), format!("h1 {TOKEN} 12")),
        (FromClient::Received(u64::MAX), "r18446744073709551615".to_owned()),
        (FromClient::Ping("7".into()), "p7".to_owned()),
        (FromClient::Message("hello".into()), ".hello".to_owned()),
        (FromClient::Message("".into()), ".".to_owned()),
    ];
    for (message, text) in all {
        assert_eq!(message.write(), Message::text(text.clone()));
        assert_eq!(FromClient::read(Message::text(text)), Ok(message));
    }
    let binary = FromClient::Message(Message::binary(vec![0, 255]));
    assert_eq!(binary.write(), Message::binary(vec![b'.', 0, 255]));
    assert_eq!(FromClient::read(binary.write()), Ok(binary));
}

#[test]
fn a_hosts_messages_are_written_and_read() {
    let welcome = |fresh| FromHost::Welcome {
        handle: "s2-af".into(),
        keep: Duration::from_secs(120),
        welcome: Welcome { token: token(), received: 3, fresh },
    };
    let mut all = vec![
        (welcome(None), format!("w1 s2-af {TOKEN} 3 120000 resumed")),
        (FromHost::Received(4), "r4".to_owned()),
        (FromHost::Pong("7".into()), "q7".to_owned()),
        (FromHost::Away(Duration::from_millis(1500)), "a1500".to_owned()),
        (FromHost::Message("grüße".into()), ".grüße".to_owned()),
    ];
    all.extend(Fresh::ALL.map(|reason| (welcome(Some(reason)), format!("w1 s2-af {TOKEN} 3 120000 fresh {}", reason.word()))));
    for (message, text) in all {
        assert_eq!(message.write(), Message::text(text.clone()));
        assert_eq!(FromHost::read(Message::text(text)), Ok(message));
    }
}

#[test]
fn a_reason_of_a_later_host_is_an_unknown_one() {
    let read = FromHost::read(Message::text(format!("w1 s {TOKEN} 0 1 fresh moved")));
    assert!(matches!(read, Ok(FromHost::Welcome { welcome: Welcome { fresh: Some(Fresh::Unknown), .. }, .. })), "{read:?}");
}

#[test]
fn malformed_messages_are_refused() {
    let long = format!("p{}", "x".repeat(33));
    let padded = format!("r1{}", " ".repeat(300));
    let handle = format!("w1 {} {TOKEN} 0 1 resumed", "x".repeat(65));
    for text in ["h1", "h1 -", "h1 - x", "h1 - 1 1", "h1 0 1", "r", "r-1", "r1 2", long.as_str(), padded.as_str()] {
        assert_eq!(FromClient::read(Message::text(text.to_owned())), Err(Breach::Malformed), "{text}");
    }
    for text in ["h2 - 0", "h -"] {
        assert_eq!(FromClient::read(Message::text(text.to_owned())), Err(Breach::Version), "{text}");
    }
    for text in ["", "x", "w1", "é", " .x"] {
        assert_eq!(FromClient::read(Message::text(text.to_owned())), Err(Breach::UnknownKind), "{text}");
    }
    for data in [vec![], vec![b'r', b'1'], vec![0]] {
        assert_eq!(FromClient::read(Message::binary(data)), Err(Breach::UnknownKind));
    }
    for text in ["w1 s", "w1 a/b 0 0 0 resumed", "a", "ax", handle.as_str()] {
        assert_eq!(FromHost::read(Message::text(text.to_owned())), Err(Breach::Malformed), "{text}");
    }
}
