//! The clients of a dialogue, and their steps.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use ws_protocol::Message;

use super::client::{Client, Entry, Heard, Refused};
use super::expected::{bytes, matches, matches_bytes, shown};
use super::settings::is_option;
use crate::units;

/// Plays a dialogue against a server, with a time-out for each step. Returns the number of lines played.
pub(super) fn play(text: &str, server: (SocketAddr, Duration)) -> anyhow::Result<usize> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end()));
    let mut steps =
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).skip_while(|(_, line)| is_option(line)).peekable();
    let mut stage = Stage { server, clients: HashMap::new(), refused: HashMap::new() };
    let mut played = 0;
    while let Some((number, line)) = steps.next() {
        let may_be_refused = steps.peek().is_some_and(|(_, next)| is_refusal(line, next));
        stage.step(line, may_be_refused).with_context(|| format!("line {number}, `{line}`"))?;
        played += 1;
    }
    if played == 0 {
        bail!("it has no line to play");
    }
    Ok(played)
}

/// Whether the line behind a join says that the client is refused.
fn is_refusal(join: &str, next: &str) -> bool {
    let name = join.split(' ').next().unwrap_or_default();
    next.strip_prefix(name).is_some_and(|rest| rest.starts_with(" is refused"))
}

/// The clients, by their names.
struct Stage {
    server: (SocketAddr, Duration),
    clients: HashMap<String, Client>,
    /// The HTTP status of those that were refused.
    refused: HashMap<String, u16>,
}

impl Stage {
    /// Plays one line.
    fn step(&mut self, line: &str, may_be_refused: bool) -> anyhow::Result<()> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        if verb == "joins" {
            return self.join(name, &entry(rest)?, may_be_refused);
        }
        if let Some(status) = rest.strip_prefix("refused with ").filter(|_| verb == "is") {
            return self.is_refused(name, status);
        }
        let client = self.clients.get_mut(name).with_context(|| format!("{name} has not joined"))?;
        match verb {
            "says" => client.says(rest)?,
            "sends" => client.sends(&bytes(rest)?)?,
            "hears" => {
                let heard = hear(client)?;
                if !matches(rest, &heard) {
                    bail!("{name} heard `{heard}`");
                }
            }
            "receives" => receive(client, name, rest)?,
            "speaks" => {
                let agreed = client.subprotocol().unwrap_or("no subprotocol");
                if agreed != rest {
                    bail!("{name} speaks {agreed}");
                }
            }
            "waits" => wait(client, name, rest)?,
            "leaves" => {
                client.leaves()?;
                self.clients.remove(name);
            }
            "is" => {
                is_closed(client, name, rest)?;
                self.clients.remove(name);
            }
            _ => bail!(
                "unknown verb; a client `joins`, `speaks`, `says`, `sends`, `hears`, `receives`, `waits`, `leaves`, `is refused with STATUS` or `is closed with CODE`"
            ),
        }
        Ok(())
    }

    fn join(&mut self, name: &str, entry: &Entry<'_>, may_be_refused: bool) -> anyhow::Result<()> {
        self.clients.remove(name);
        match Client::join(self.server, entry) {
            Ok(client) => {
                self.clients.insert(name.to_owned(), client);
            }
            Err(error) => {
                let status = error.downcast_ref::<Refused>().filter(|_| may_be_refused).and_then(|refused| refused.status);
                self.refused.insert(name.to_owned(), status.ok_or(error)?);
            }
        }
        Ok(())
    }

    fn is_refused(&mut self, name: &str, expected: &str) -> anyhow::Result<()> {
        let expected: u16 = expected.parse().context("write `is refused with STATUS`, for example `is refused with 403`")?;
        match self.refused.remove(name) {
            Some(status) if status == expected => Ok(()),
            Some(status) => bail!("{name} was refused with {status}"),
            None if self.clients.contains_key(name) => bail!("{name} was let in"),
            None => bail!("{name} has not tried to join: write this line behind `{name} joins`"),
        }
    }
}

/// Reads what follows `joins`: a path, subprotocols behind `as`, a header behind `with`.
fn entry(rest: &str) -> anyhow::Result<Entry<'_>> {
    if rest.chars().any(char::is_control) {
        bail!("the line has a control character");
    }
    let (rest, header) = split(rest, "with ");
    let (path, subprotocols) = split(rest, "as ");
    if header.is_some_and(|header| !header.contains(':')) {
        bail!("write a header as `with NAME: VALUE`");
    }
    if path.contains(' ') || !(path.is_empty() || path.starts_with('/')) {
        bail!("`{path}` is no path; write `joins /PATH`, `joins /PATH as SUBPROTOCOL` or `joins /PATH with NAME: VALUE`");
    }
    Ok(Entry { path: if path.is_empty() { "/" } else { path }, subprotocols, header })
}

/// Splits a line at a word. Before the word comes a space, unless it begins the line.
fn split<'a>(line: &'a str, word: &str) -> (&'a str, Option<&'a str>) {
    match line.strip_prefix(word) {
        Some(behind) => ("", Some(behind)),
        None => line.split_once(&format!(" {word}")).map_or((line, None), |(before, behind)| (before, Some(behind))),
    }
}

/// Waits for the next message. Returns its text, or `N bytes` for a binary one.
fn hear(client: &mut Client) -> anyhow::Result<String> {
    match client.hears().context("no message came")? {
        Heard::Message(Message::Text(text)) => Ok(text.to_string()),
        Heard::Message(Message::Binary(data)) => Ok(format!("{} bytes", data.len())),
        Heard::Closed(code, _) => bail!("the connection was closed with {code}"),
    }
}

/// Waits for a binary message, and compares it.
fn receive(client: &mut Client, name: &str, expected: &str) -> anyhow::Result<()> {
    match client.hears().context("no message came")? {
        Heard::Message(Message::Binary(data)) if matches_bytes(expected, &data)? => Ok(()),
        Heard::Message(Message::Binary(data)) => bail!("{name} received {}", shown(&data)),
        Heard::Message(Message::Text(text)) => bail!("{name} heard the text `{text}`"),
        Heard::Closed(code, _) => bail!("the connection was closed with {code}"),
    }
}

/// Waits for a time in which no message may come.
fn wait(client: &mut Client, name: &str, time: &str) -> anyhow::Result<()> {
    let time =
        units::duration(time).map_err(|error| anyhow::anyhow!("write `waits TIME`, for example `waits 200ms`: {error}"))?;
    match client.hears_within(time)? {
        None => Ok(()),
        Some(Heard::Message(Message::Text(text))) => bail!("{name} heard `{text}`"),
        Some(Heard::Message(Message::Binary(data))) => bail!("{name} received {}", shown(&data)),
        Some(Heard::Closed(code, _)) => bail!("the connection was closed with {code}"),
    }
}

/// Waits for the server's close frame, and compares its code and, if one is expected, its reason. Messages before it are dropped.
fn is_closed(client: &mut Client, name: &str, rest: &str) -> anyhow::Result<()> {
    let expected = rest.strip_prefix("closed with ").unwrap_or_default();
    let (code, reason) = expected.split_once(' ').map_or((expected, None), |(code, reason)| (code, Some(reason)));
    let code: u16 = code.parse().ok().context("write `is closed with CODE`, for example `is closed with 1011`")?;
    loop {
        let Heard::Closed(its, why) = client.hears().context("no close frame came")? else { continue };
        if its != code {
            bail!("{name} was closed with {its}");
        }
        if reason.is_some_and(|reason| !matches(reason, &why)) {
            bail!("{name} was closed with {its} `{why}`");
        }
        return Ok(());
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, entry, is_refusal};

    #[test]
    fn a_join_has_a_path_subprotocols_and_a_header() {
        let read = |line| entry(line).expect("the line is right");
        let plain = Entry { path: "/", subprotocols: None, header: None };
        assert_eq!(read(""), plain);
        assert_eq!(read("/a?b=c"), Entry { path: "/a?b=c", ..plain });
        assert_eq!(read("as v2, v1"), Entry { subprotocols: Some("v2, v1"), ..plain });
        let all = Entry { path: "/a", subprotocols: Some("v2"), header: Some("X: as with") };
        assert_eq!(read("/a as v2 with X: as with"), all);
        assert!(["blue", "/a b", "/a with X", "/a\tb"].into_iter().all(|line| entry(line).is_err()));
    }

    #[test]
    fn a_refusal_stands_behind_its_join() {
        assert!(is_refusal("ann joins /x", "ann is refused with 403"));
        assert!(!is_refusal("ann joins /x", "anna is refused with 403") && !is_refusal("ann joins", "ann hears hello"));
    }
}
