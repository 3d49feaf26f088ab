//! Messages that a guest handles in one call.

use super::two;
use crate::support::Host;

in_languages! { [rust, python, javascript, c] [messages_that_come_together_share_a_call_and_fail_alone] }

async fn messages_that_come_together_share_a_call_and_fail_alone(probe: &str) {
    let mut host = Host::run_with(probe, &["-v"]);
    let log = host.logs_up_to("ready after");
    assert!(!log.contains("one by one"), "{log}");
    let (mut stays, mut fails) = two(&host).await;
    // The very first message is measured, and so is handled by itself.
    assert_eq!(stays.asks("say first").await, "first");
    let batch = ["say one", "attach text", "say two", "all three", "panic now", "say four"];
    fails.says_at_once(&batch).await;
    for text in ["one", "ok", "two", "three", "ok"] {
        assert_eq!(fails.hears().await, text);
    }
    assert_eq!(fails.is_closed().await.0, 1011);
    assert_eq!(stays.hears().await, "three");
    let left = stays.hears().await;
    assert!(left.starts_with("left 2: 1011 "), "{left}");
    assert_eq!(stays.asks("subscribers half").await, "[]");
}
