//! Tasks: code that awaits the answers of servers and timers.
//!
//! A handler starts a task with [`spawn`]. The task runs when the handler has returned, up to its first wait. It goes on in the event for
//! which it waits: the answer to a [`fetch`], or the end of a [`sleep`]. The room handles other events meanwhile.
//!
//! ```no_run
//! use ws_guest::task::{fetch, spawn, with_app};
//! use ws_guest::{App, ClientId, Message, Responses, send};
//!
//! #[derive(Default)]
//! struct Weather {
//!     asked: u32,
//! }
//!
//! // `Responses` has a component hear of answers. A component that sleeps names `Timers` too.
//! ws_guest::export!(Weather: Responses);
//!
//! impl App for Weather {
//!     fn on_message(&mut self, from: ClientId, _: Message) {
//!         spawn(async move {
//!             match fetch("https://api.example.com/weather").await {
//!                 Ok(response) => drop(send(from, response.text())),
//!                 Err(error) => drop(send(from, error.to_string())),
//!             }
//!             with_app(|weather: &mut Weather| weather.asked += 1);
//!         });
//!     }
//! }
//!
//! // Answers that no task waits for: see below.
//! impl Responses for Weather {}
//! ```
//!
//! # One event from wait to wait
//! All that a task does between two waits belongs to one event, together with the handler in which it starts, or with the other tasks
//! that wake in the same event. Its effects take place when it waits again. A panic takes them back, and ends the instance. Messages and
//! writes of earlier events stay: a task that has changed the store before a wait has done it for good.
//!
//! # The state of the app
//! A handler has it as `self`, a task reaches it with [`with_app`], for as long as it does not wait. Anything may have happened during a
//! wait: the client may have left, and fields may have changed.
//!
//! # A task ends with its instance
//! After a swap or a panic no task waits any more, but a request goes on. Its answer comes to the next instance: to
//! [`Responses::on_response`](crate::Responses::on_response), with the bytes of [`Fetch::context`]. The pieces of a streamed answer
//! come to [`Responses::on_body`](crate::Responses::on_body). The sleeps of the earlier instance are forgotten. A request keeps its room
//! open; a task that sleeps, or waits for something else, does not.
//!
//! Handlers may use [`http::fetch`](crate::http::fetch) and timers of their own beside tasks: each answer reaches the one that asked.
//!
//! # Dropped futures
//! Dropping a [`Fetch`], a [`Streamed`] or a [`Sleep`] gives the request or the timer up. So does [`Task::abort`], and so does the loser of
//! a `select`. The combinators of the `futures` crate work (`join`, `select`, `FuturesUnordered`), and so do channels between handlers and
//! tasks: a message that a handler sends wakes the task in the same event.
//!
//! Another runtime, such as tokio, is neither needed nor possible: its timers and sockets do not exist in a component.

mod access;
mod answers;
mod executor;
mod fetch;
mod hooks;
mod sleep;
mod streamed;
#[cfg(test)]
mod tests;

pub use access::with_app;
pub use executor::{Task, spawn};
pub use fetch::{Fetch, FetchStreamed, fetch};
pub use sleep::{Sleep, sleep};
pub use streamed::Streamed;

#[doc(hidden)]
pub use access::Access;
#[cfg(not(target_family = "wasm"))]
pub(crate) use access::hold;
#[cfg(not(target_family = "wasm"))]
pub(crate) use executor::are_awake;
pub(crate) use hooks::{part, response, run, timer};

/// Drops all tasks without giving up what they wait for, as the end of an instance does.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn end_instance() {
    answers::forget();
    sleep::forget();
    executor::forget();
}
