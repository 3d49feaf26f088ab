//! Passes questions to a back end, and its answers back.

#![forbid(unsafe_code)]

use ws_guest::topics::{publish, subscribe, subscribers};
use ws_guest::{App, Client, ClientId, Decision, Gate, Message, Request, broadcast_except, send};

/// The query with which the back end connects, and its topic.
const BACK_END: &str = "back-end";

#[derive(Default)]
struct Shop;

ws_guest::export!(Shop: Gate);

impl Gate for Shop {
    fn on_upgrade(&mut self, request: Request) -> Decision {
        let key = std::env::var("BACK_END_KEY").map(|key| format!("Bearer {key}"));
        let has_key = key.is_ok_and(|key| request.header("authorization") == Some(key.as_str()));
        if request.query == BACK_END && !has_key { Decision::refuse(401) } else { Decision::accept() }
    }
}

impl App for Shop {
    fn on_new_client(&mut self, client: Client) {
        // The gate has checked its key.
        if client.query == BACK_END
            && let Err(error) = subscribe(client.id, BACK_END)
        {
            eprintln!("the back end is not subscribed: {error}");
        }
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let back_end = subscribers(BACK_END);
        match message.as_text().unwrap_or_default() {
            // `all TEXT` and `ID TEXT` from the back end.
            text if back_end.contains(&from) => match text.split_once(' ') {
                Some(("all", text)) => drop(broadcast_except(text, &back_end)),
                Some((id, text)) => drop(id.parse().map(|id| send(id, text))),
                None => {}
            },
            // A client's question goes to the back end as `ID TEXT`.
            text => drop(publish(BACK_END, format!("{from} {text}"))),
        }
    }
}
