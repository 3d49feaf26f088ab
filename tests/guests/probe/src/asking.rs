//! Commands on HTTP requests, and what the probe tells of them: see `tests/conformance/http.rs`.

use std::collections::HashMap;

use ws_guest::http::{BodyPart, Error, Failure, FailureCause, FetchError, Request, Response};
use ws_guest::task::{self, Fetch, Task, spawn};
use ws_guest::{ClientId, broadcast, send};

/// The requests of this instance, by their names.
#[derive(Default)]
pub struct Asking(HashMap<String, Task>);

impl Asking {
    /// Follows a command if it is one on requests, and returns whether it is.
    pub fn obey(&mut self, from: ClientId, command: &str, rest: &str) -> bool {
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let fetch = |request: Request| task::fetch(request).context(name);
        let task = match command {
            "fetch" => spawn(whole(name.to_owned(), fetch(rest.into()))),
            "stream" => spawn(streamed(name.to_owned(), fetch(rest.into()))),
            "post" => {
                let (url, body) = rest.split_once(' ').unwrap_or((rest, ""));
                spawn(whole(name.to_owned(), fetch(Request::post(url, body).header("x-note", name))))
            }
            "fetch-and-fail" => {
                let (asks, fails) = (whole(name.to_owned(), fetch(rest.into())), async { panic!("told to panic") });
                spawn(asks);
                spawn(fails)
            }
            "cancel" => {
                if let Some(task) = self.0.remove(name) {
                    task.abort();
                }
                send(from, "cancelled").ok();
                return true;
            }
            _ => return false,
        };
        self.0.insert(name.to_owned(), task);
        true
    }
}

async fn whole(name: String, fetch: Fetch) {
    match fetch.await {
        Ok(response) => answered(name.as_bytes(), Ok(response)),
        Err(error) => report(&name, &described(&error)),
    }
}

async fn streamed(name: String, fetch: Fetch) {
    let mut answer = match fetch.streamed().await {
        Ok(answer) => answer,
        Err(error) => return report(&name, &described(&error)),
    };
    report(&name, &format!("{} {}", answer.status, answer.header("content-type").unwrap_or("-")));
    while let Some(piece) = answer.next().await {
        match piece {
            Ok(piece) => sent(name.as_bytes(), BodyPart::Piece(piece)),
            Err(failure) => return sent(name.as_bytes(), BodyPart::Failed(failure)),
        }
    }
    sent(name.as_bytes(), BodyPart::End);
}

/// Tells everybody of an answer.
pub fn answered(context: &[u8], outcome: Result<Response, Failure>) {
    let told = match outcome {
        Ok(response) => {
            let kind = response.header("content-type").unwrap_or("-");
            let body = response.body.as_ref().map(|_| format!(" {:?}", response.text()));
            format!("{} {kind}{}", response.status, body.unwrap_or_default())
        }
        Err(failure) => described(&Error::Failed(failure)),
    };
    report(&String::from_utf8_lossy(context), &told);
}

/// Tells everybody of a part of a body.
pub fn sent(context: &[u8], part: BodyPart) {
    let told = match part {
        BodyPart::Piece(piece) => format!("piece {:?}", String::from_utf8_lossy(&piece)),
        BodyPart::End => "end".to_owned(),
        BodyPart::Failed(failure) => described(&Error::Failed(failure)),
    };
    report(&String::from_utf8_lossy(context), &told);
}

fn report(name: &str, told: &str) {
    broadcast(format!("{name} {told}")).ok();
}

fn described(error: &Error) -> String {
    let cause = match error {
        Error::Refused(error) => match error {
            FetchError::Invalid(_) => "invalid",
            FetchError::Denied(_) => "denied",
            FetchError::TooBig(_) => "too-big",
            FetchError::Limit => "limit",
            FetchError::RoomFull => "room-full",
            FetchError::TotalFull => "total-full",
        },
        Error::Failed(failure) => match failure.cause {
            FailureCause::Denied => "denied",
            FailureCause::Unresolved => "unresolved",
            FailureCause::Unreachable => "unreachable",
            FailureCause::Tls => "tls",
            FailureCause::Timeout => "timeout",
            FailureCause::Broken => "broken",
            FailureCause::TooBig => "too-big",
            FailureCause::Interrupted => "interrupted",
        },
    };
    format!("{cause}: {error}")
}
