//! A counter of visits, which a restart of the host does not lose.

#![forbid(unsafe_code)]

use ws_guest::{App, Client, broadcast, store};

#[derive(Default)]
struct Counter;

ws_guest::export!(Counter);

impl App for Counter {
    fn on_new_client(&mut self, _client: Client) {
        let before = store::get("visits").and_then(|value| String::from_utf8(value).ok()?.parse().ok());
        let visits = before.unwrap_or(0_u64) + 1;
        match store::set("visits", visits.to_string()) {
            Ok(()) => drop(broadcast(format!("visit {visits}"))),
            Err(error) => eprintln!("a visit is not counted: {error}"),
        }
    }
}
