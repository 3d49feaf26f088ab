//! The rules for callbacks, which the SDK for C has in place of `await`.
//!
//! | line | action of the probe |
//! | --- | --- |
//! | `three-events URL` | broadcasts `first` and asks. The callback for the answer broadcasts `second BODY`, writes that, and sets a timer. The callback of the timer broadcasts `third`, writes that, and fails |

use super::host;
use crate::support::{Client, Upstream};

in_languages! { [c] [a_callback_that_fails_loses_its_own_event_alone] }

async fn a_callback_that_fails_loses_its_own_event_alone(probe: &str) {
    let (mut host, upstream) = (host(probe, &[]), Upstream::new().await);
    let (mut client, _) = Client::join(&host).await;
    client.says(&format!("three-events {}", upstream.url("/"))).await;
    assert_eq!(client.hears().await, "first");
    upstream.is_asked().await.answers("answer").await;
    assert_eq!(client.hears().await, "second answer");
    host.logs("told to fail in the third event");
    assert_eq!(client.asks("kept event").await, "Some(\"second answer\")");
    assert_eq!(client.asks("messages").await, "2 since Some(StartReason::AfterTrap)");
}
