//! Asks the server that `UPSTREAM` names at each message, and sends the answer back. It measures the cost of a request.

use ws_guest::task::{fetch, spawn};
use ws_guest::{App, ClientId, Message, Responses, send};

struct Errand {
    upstream: String,
}

impl Default for Errand {
    fn default() -> Self {
        Self { upstream: std::env::var("UPSTREAM").expect("UPSTREAM is a URL") }
    }
}

impl App for Errand {
    fn on_message(&mut self, from: ClientId, _: Message) {
        let url = self.upstream.clone();
        spawn(async move {
            let answer = fetch(url).await.expect("the server answers");
            send(from, answer.text()).ok();
        });
    }
}

impl Responses for Errand {}

ws_guest::export!(Errand: Responses);
