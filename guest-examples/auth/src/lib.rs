//! A chat for members: the gate checks a signed token and names the user. A user may have several clients, such as two tabs.

#![forbid(unsafe_code)]

mod hs256;
mod token;

use std::collections::BTreeSet;

use token::{Judge, Refusal};
use ws_guest::{Acceptance, App, Client, ClientId, CloseInfo, Decision, Gate, Lifecycle, Message, Request, Saved, StartReason};
use ws_guest::{broadcast, client, clients, clients_of_user, send};

/// The environment variable with the secret that signs tokens.
const SECRET: &str = "AUTH_SECRET";

/// The subprotocol of the chat itself.
const SUBPROTOCOL: &str = "chat.v1";

/// The subprotocol header is the only one that a page can set, so a page offers its token there, beside the real one.
const TOKEN_SUBPROTOCOL: &str = "bearer.";

#[derive(Default)]
struct Auth {
    /// Set in `on_start`, which runs before all other handlers.
    judge: Option<Judge>,
}

ws_guest::export!(Auth: Gate, Lifecycle);

impl Gate for Auth {
    fn on_upgrade(&mut self, request: Request) -> Decision {
        let refusal = match self.member(&request.headers, &request.query) {
            Ok(name) => {
                // A token may be among the offered subprotocols, but is never accepted as one.
                let subprotocol = request.subprotocols.into_iter().find(|offered| offered == SUBPROTOCOL);
                return Decision::Accept(Acceptance { subprotocol, user: Some(name), ..Acceptance::default() });
            }
            Err(refusal) => refusal,
        };
        println!("refused {}: {}", request.address.ip, refusal.reason());
        // Only browsers send an origin. A page cannot see an HTTP status, but it can read a close code.
        if request.header("origin").is_some() {
            Decision::close(refusal.close_code(), refusal.reason())
        } else {
            Decision::refuse(refusal.status())
        }
    }
}

impl App for Auth {
    fn on_new_client(&mut self, client: Client) {
        let Some(name) = client.user else { return };
        // A second tab changes nothing for the others.
        if clients_of_user(&name).len() == 1 {
            say(&format!("* {name} has joined"));
        }
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let Some(name) = user(from) else { return };
        match message.as_text().map(str::trim) {
            Some("/who") => {
                let here: BTreeSet<_> = clients().into_iter().filter_map(user).collect();
                let here: Vec<_> = here.into_iter().collect();
                if let Err(error) = send(from, format!("* Here: {}", here.join(", "))) {
                    eprintln!("not sent: {error}");
                }
            }
            Some(text) => say(&format!("{name}: {}", text.replace(char::is_control, " "))),
            None => drop(send(from, "* This chat takes only text")),
        }
    }

    fn on_client_left(&mut self, id: ClientId, _info: CloseInfo) {
        // The last of its clients has gone.
        if let Some(name) = user(id).filter(|name| clients_of_user(name).is_empty()) {
            say(&format!("* {name} has left"));
        }
    }
}

impl Auth {
    fn member(&self, headers: &[(String, String)], query: &str) -> Result<String, Refusal> {
        let judge = self.judge.as_ref().ok_or(Refusal::Invalid)?;
        judge.member(token(headers, query))
    }
}

impl Lifecycle for Auth {
    fn on_start(&mut self, _reason: StartReason, _saved: Option<Saved>) -> Result<(), String> {
        let secret = std::env::var(SECRET).map_err(|_| {
            format!("{SECRET} is missing. Give the secret that tokens are signed with, 32 bytes or more: --env {SECRET}")
        })?;
        self.judge = Some(Judge::new(secret.as_bytes()).map_err(|error| format!("{SECRET}: {error}"))?);
        Ok(())
    }

    /// The host knows the users, so the state is empty.
    fn snapshot(&self) -> Saved {
        Saved { version: String::new(), data: Vec::new() }
    }
}

/// Finds the token of a request: in the header `authorization`, else among the subprotocols, in a cookie or in the query.
fn token<'a>(headers: &'a [(String, String)], query: &'a str) -> Option<&'a str> {
    let of = |name: &'static str| headers.iter().filter(move |(header, _)| header == name).map(|(_, value)| value.as_str());
    let in_header = || of("authorization").find_map(bearer);
    let in_subprotocol = || {
        let mut offered = of("sec-websocket-protocol").flat_map(|offers| offers.split(',')).map(str::trim);
        offered.find_map(|offer| offer.strip_prefix(TOKEN_SUBPROTOCOL))
    };
    let in_cookie = || of("cookie").flat_map(|cookies| cookies.split(';')).find_map(named_token);
    let in_query = || query.split('&').find_map(named_token);
    in_header().or_else(in_subprotocol).or_else(in_cookie).or_else(in_query)
}

/// Parses `Bearer abc`, with the scheme in any case (RFC 9110 §11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Parses `token=abc`. No character of a token needs encoding in a query or a cookie.
fn named_token(pair: &str) -> Option<&str> {
    pair.trim().strip_prefix("token=")
}

/// Returns the name that the gate gave to a client. It outlives a swap and a trap.
fn user(id: ClientId) -> Option<String> {
    client(id)?.user
}

/// Sends a line to everybody. If it is too long to send, the log says so.
fn say(line: &str) {
    if let Err(error) = broadcast(line) {
        eprintln!("not sent: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_token_is_found_wherever_a_client_can_put_it() {
        let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        for (name, value) in [
            ("authorization", "bearer abc"),
            ("sec-websocket-protocol", "chat.v1, bearer.abc"),
            ("cookie", "theme=dark; token=abc; more=1"),
        ] {
            assert_eq!(token(&header(name, value), ""), Some("abc"), "{name}");
        }
        assert_eq!(token(&[], "a=1&token=abc"), Some("abc"));
        for (name, value) in [("authorization", "Basic abc"), ("cookie", "my-token=abc"), ("sec-websocket-protocol", "chat.v1")] {
            assert_eq!(token(&header(name, value), "my-token=abc"), None, "{name}");
        }
    }

    #[test]
    fn headers_that_only_the_client_can_set_come_before_the_query_of_a_link() {
        let headers = [("cookie", "token=cookie"), ("authorization", "Bearer header")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(token(&headers, "token=query"), Some("header"));
        assert_eq!(token(&headers[..1], "token=query"), Some("cookie"));
    }
}
