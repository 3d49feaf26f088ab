//! Commands on HTTP requests, and what the probe tells of them: see `tests/conformance/http.rs`.

use std::collections::HashMap;

use ws_guest::http::{self, BodyPart, Failure, FailureCause, FetchError, FetchId, Request, Response};
use ws_guest::{ClientId, broadcast, send};

/// The requests of this instance, by their names.
#[derive(Default)]
pub struct Asking(HashMap<String, FetchId>);

impl Asking {
    /// Follows a command if it is one on requests, and returns whether it is.
    pub fn obey(&mut self, from: ClientId, command: &str, rest: &str) -> bool {
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match command {
            "fetch" => self.ask(name, &Request::get(rest)),
            "stream" => self.ask(name, &Request::get(rest).stream()),
            "post" => {
                let (url, body) = rest.split_once(' ').unwrap_or((rest, ""));
                self.ask(name, &Request::post(url, body).header("x-note", name));
            }
            "cancel" => {
                if let Some(id) = self.0.remove(name) {
                    http::cancel(id);
                }
                send(from, "cancelled").ok();
            }
            "fetch-and-fail" => {
                self.ask(name, &Request::get(rest));
                panic!("told to panic");
            }
            _ => return false,
        }
        true
    }

    fn ask(&mut self, name: &str, request: &Request) {
        match http::fetch(request, name) {
            Ok(id) => drop(self.0.insert(name.to_owned(), id)),
            Err(error) => report(name, &refusal(&error)),
        }
    }
}

/// Tells everybody of an answer.
pub fn answered(context: &[u8], outcome: Result<Response, Failure>) {
    let told = match outcome {
        Ok(response) => {
            let kind = response.header("content-type").unwrap_or("-");
            let body = response.body.as_ref().map(|_| format!(" {:?}", response.text()));
            format!("{} {kind}{}", response.status, body.unwrap_or_default())
        }
        Err(failure) => described(&failure),
    };
    report(&String::from_utf8_lossy(context), &told);
}

/// Tells everybody of a part of a body.
pub fn sent(context: &[u8], part: BodyPart) {
    let told = match part {
        BodyPart::Piece(piece) => format!("piece {:?}", String::from_utf8_lossy(&piece)),
        BodyPart::End => "end".to_owned(),
        BodyPart::Failed(failure) => described(&failure),
    };
    report(&String::from_utf8_lossy(context), &told);
}

fn report(name: &str, told: &str) {
    broadcast(format!("{name} {told}")).ok();
}

fn refusal(error: &FetchError) -> String {
    match error {
        FetchError::Invalid(why) => format!("invalid: {why}"),
        FetchError::Denied(why) => format!("denied: {why}"),
        FetchError::TooBig(why) => format!("too-big: {why}"),
        FetchError::Limit => "limit".to_owned(),
        FetchError::RoomFull => "room-full".to_owned(),
        FetchError::TotalFull => "total-full".to_owned(),
    }
}

fn described(failure: &Failure) -> String {
    let cause = match failure.cause {
        FailureCause::Denied => "denied",
        FailureCause::Unresolved => "unresolved",
        FailureCause::Unreachable => "unreachable",
        FailureCause::Tls => "tls",
        FailureCause::Timeout => "timeout",
        FailureCause::Broken => "broken",
        FailureCause::TooBig => "too-big",
        FailureCause::Interrupted => "interrupted",
    };
    format!("{cause}: {}", failure.detail)
}
