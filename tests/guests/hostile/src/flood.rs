//! Floods of host calls. Each reports how many were accepted, and the errors that refused the rest.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write;
use std::time::Duration;

use ws_guest::{ClientId, broadcast, broadcast_except, control, send, set_attachment, topics};

/// Runs the flood named `what`: `times` calls of `bytes` bytes each.
pub fn with(what: &str, from: ClientId, times: usize, bytes: usize) -> String {
    let payload = vec![b'x'; bytes];
    match what {
        "send" => count(times, |_| send(from, &payload)),
        "broadcast" => count(times, |_| broadcast(&payload)),
        "broadcast-except" => {
            let except = vec![u64::MAX; bytes];
            count(times, |_| broadcast_except("x", &except))
        }
        "publish" => {
            topics::subscribe(from, "flood").ok();
            count(times, |_| topics::publish("flood", &payload))
        }
        "publish-except" => {
            // In random order, the worst case for a sort.
            let except: Vec<u64> = (0..bytes as u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            count(times, |_| {
                println!("publishes to nobody");
                topics::publish_except("nobody", "x", &except)
            })
        }
        "timers" => count(times, |_| control::set_timer(Duration::from_secs(3600), &payload).map(drop)),
        "timers-and-back" => count(times, |_| control::set_timer(Duration::from_secs(3600), &payload).map(control::cancel_timer)),
        "topics" => count(times, |n| topics::subscribe(from, &format!("topic {n}"))),
        "topics-and-back" => count(times, |n| {
            let topic = format!("{n:0256}");
            topics::subscribe(from, &topic).inspect(|()| topics::unsubscribe(from, &topic))
        }),
        "attachments" => count(times, |_| set_attachment(from, &payload)),
        "doors" => count(times, |_| {
            control::deny_new_clients();
            control::allow_new_clients();
            Ok::<_, ()>(())
        }),
        "lines" => {
            let lines = [vec![b'x'; bytes], b"\n".to_vec()].concat().repeat((1 << 20) / (bytes + 1));
            count(times, |_| std::io::stdout().write_all(&lines).map_err(drop))
        }
        "output" => count(times, |_| std::io::stdout().write_all(&payload).map_err(drop)),
        _ => format!("no such command: {what}"),
    }
}

fn count<T, E: Debug>(times: usize, mut act: impl FnMut(usize) -> Result<T, E>) -> String {
    let mut refused = BTreeMap::<String, usize>::new();
    for n in 0..times {
        if let Err(error) = act(n) {
            *refused.entry(shown(&error)).or_default() += 1;
        }
    }
    let accepted = times - refused.values().sum::<usize>();
    format!("accepted {accepted}, refused {refused:?}")
}

/// Returns the name of an error: wit-bindgen's `Debug` has it in quotes.
fn shown(error: &impl Debug) -> String {
    let shown = format!("{error:?}");
    shown.split('"').nth(1).unwrap_or(&shown).to_owned()
}
