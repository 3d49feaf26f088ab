//! One operation on the store of the room for each message, and an answer. It measures the cost of a store.
//!
//! The variable `OPERATION` is `write`, `read` or `list`, and `KEYS` says how many keys a room has.

use ws_guest::{App, ClientId, Message, send, store};

/// The answer to a write.
const KEPT: &str = "kept";

enum Operation {
    Write,
    Read,
    List,
}

struct Ledger {
    operation: Operation,
    keys: u64,
    /// How many messages there were.
    messages: u64,
}

ws_guest::export!(Ledger);

impl Default for Ledger {
    fn default() -> Self {
        let variable = |name| std::env::var(name).unwrap_or_default();
        let operation = match variable("OPERATION").as_str() {
            "read" => Operation::Read,
            "list" => Operation::List,
            _ => Operation::Write,
        };
        Self { operation, keys: variable("KEYS").parse().unwrap_or(1_000), messages: 0 }
    }
}

impl App for Ledger {
    fn on_message(&mut self, from: ClientId, message: Message) {
        self.messages += 1;
        // A stride that is prime to the number of keys visits all of them.
        let key = format!("key {:012}", self.messages * 7_919 % self.keys);
        // A failure has no answer, and the load generator misses it.
        match self.operation {
            Operation::Write => {
                let Message::Text(text) = message else { return };
                // A value that is there already would not be written again.
                let rest = text.get(20..).unwrap_or_default();
                if store::set(&key, format!("{:020}{rest}", self.messages)).is_ok() {
                    send(from, KEPT).ok();
                }
            }
            Operation::Read => {
                if let Some(value) = store::get(&key) {
                    send(from, value).ok();
                }
            }
            Operation::List => drop(send(from, store::entries("").count().to_string())),
        }
    }
}
