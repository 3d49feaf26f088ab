//! Messages over connections that are cut at any byte.

use crate::host::Host;
use crate::{message, proxy, quick};
use ws_host_client::Address;

/// Messages in each direction.
const MESSAGES: usize = 400;
/// Connections that are cut.
const CUTS: usize = 40;

#[tokio::test]
async fn every_message_arrives_once_and_in_order_whatever_is_cut() {
    let mut host = Host::start().await;
    let mut random = fastrand::Rng::with_seed(18);
    // A handshake takes about 400 bytes. The first connection must carry the welcome: without its token, no session can resume.
    let budget = move |number| if number > CUTS { usize::MAX } else { random.usize(50..1500) + 1000 * usize::from(number == 0) };
    let proxy = proxy::start(host.address, budget).await;
    let mut socket = quick().connect(Address::new(format!("ws://{proxy}/")).unwrap());
    socket.send("0").await.unwrap();
    assert_eq!(host.hears().await, "0");
    let sender = socket.sender();
    let sends = tokio::spawn(async move {
        for number in 1..MESSAGES {
            sender.send(number.to_string()).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    for number in 0..MESSAGES {
        host.send(number.to_string());
        if number % 8 == 0 {
            assert_eq!(message(&mut socket).await.as_text().unwrap(), (number / 8).to_string());
        }
    }
    for number in MESSAGES / 8..MESSAGES {
        assert_eq!(message(&mut socket).await.as_text().unwrap(), number.to_string());
    }
    for number in 1..MESSAGES {
        assert_eq!(host.hears().await, number.to_string());
    }
    sends.await.unwrap();
    assert!(host.heard.is_empty());
}
