//! The service of one line, from its first message to its end.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use ws_protocol::Message;
use ws_protocol::resume::Breach;

use crate::driver::{Command, Driver, End, Linger, NORMAL};
use crate::line::{Incoming, Line};
use crate::pulse::{Due, Pulse};
use crate::talk::{Begun, Heard, Outgoing};
use crate::{Closed, Event, Status};

/// The other side has broken the protocol (RFC 6455 §7.4.1).
const BREACH: u16 = 1002;
/// A line is given up while its session goes on: `docs/resume.md`.
const GIVEN_UP: u16 = 3003;

/// How long the first welcome may take: the server may be one without sessions, which takes hello for a message.
const FIRST_WELCOME: Duration = Duration::from_secs(5);

/// Why the service ends.
enum Stop {
    /// With the line.
    Ended(Closed),
    /// The line is dead.
    Dead,
    /// The server has broken the protocol.
    Breach(Breach),
}

impl Driver {
    /// Serves a line until its end. It has to be ready in time.
    pub(crate) async fn serve(&mut self, mut line: Line, limit: Instant) -> End {
        let now = Instant::now();
        let limit = self.linger_until(ready_until(now, limit, self.talk.is_unanswered()));
        let mut pulse = Pulse::new(now, limit, self.options.heartbeat);
        let mut is_closing = false;
        if let Some(begun) = self.talk.open(&mut line.out) {
            self.online(begun, &line, &mut pulse);
        }
        let stop = loop {
            if self.talk.is_ready()
                && let Some(Linger { code, reason, .. }) = self.lingers.take()
            {
                is_closing = close(&mut line, &mut pulse, code, reason);
            }
            let reads = self.inbox.is_empty() || is_closing || self.lingers.is_some();
            let due = pulse.next(reads);
            tokio::select! {
                command = self.commands.recv(), if !is_closing && self.lingers.is_none() => match command {
                    Some(Command::Send(item)) => self.talk.send(item, &mut line.out),
                    Some(Command::Reconnect) => {}
                    Some(Command::Close(code, reason)) => is_closing = self.close(&mut line, &mut pulse, code, reason),
                    None => is_closing = self.close(&mut line, &mut pulse, NORMAL, String::new()),
                },
                // Silence counts from when the line is read again.
                () = self.inbox.deliver(&self.events), if !self.inbox.is_empty() => pulse.heard(Instant::now()),
                () = self.events.closed(), if !is_closing && self.lingers.is_none() => {
                    let (code, reason) = self.last_commands(&mut line.out);
                    is_closing = self.close(&mut line, &mut pulse, code, reason);
                }
                incoming = line.next(reads) => {
                    if let Err(stop) = self.hear(incoming, &mut line, &mut pulse, is_closing) {
                        break stop;
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => match pulse.due(Instant::now(), reads) {
                    Some(Due::Confirm) => self.talk.confirm(&mut line.out),
                    Some(Due::Ask) => self.talk.ask(&mut line.out),
                    Some(Due::Good) => self.backoff.reset(),
                    Some(Due::Dead) => break Stop::Dead,
                    None => {}
                },
            }
        };
        let end = if is_closing { End::Over } else { End::Lost };
        match stop {
            Stop::Ended(closed) if self.talk.is_unanswered() && !is_closing && refuses_hello(closed.code) => End::Without,
            Stop::Dead if self.talk.is_unanswered() && !is_closing => {
                line.leave(GIVEN_UP, "");
                End::Without
            }
            Stop::Ended(closed) => end(closed),
            Stop::Dead => {
                line.leave(GIVEN_UP, "");
                end(Closed::abnormal("the server does not answer"))
            }
            Stop::Breach(breach) => {
                line.leave(BREACH, &breach.to_string());
                End::Over(Closed { code: BREACH, reason: breach.to_string(), http_status: None })
            }
        }
    }

    /// The application ends the socket. Returns whether the line closes now: messages wait for a line that is not ready.
    fn close(&mut self, line: &mut Line, pulse: &mut Pulse, code: u16, reason: String) -> bool {
        if self.talk.is_ready() || !self.has_waiting() {
            return close(line, pulse, code, reason);
        }
        pulse.ready_by(self.linger(code, reason));
        false
    }

    /// Takes what has come over the line.
    fn hear(&mut self, incoming: Incoming, line: &mut Line, pulse: &mut Pulse, is_closing: bool) -> Result<(), Stop> {
        let message = match incoming {
            Incoming::Message(message) => message,
            Incoming::Sign => {
                pulse.heard(Instant::now());
                return Ok(());
            }
            Incoming::Closed(closed) => return Err(Stop::Ended(closed)),
            Incoming::Lost(cause) => return Err(Stop::Ended(Closed::abnormal(cause))),
        };
        pulse.heard(Instant::now());
        if is_closing {
            // The session ends: nobody needs it any more.
            return Ok(());
        }
        match self.talk.hear(message, &mut line.out).map_err(Stop::Breach)? {
            Heard::Message(message) => self.message(message),
            Heard::Online(begun) => self.online(begun, line, pulse),
            Heard::Away(wait) => self.away = Some(wait),
            Heard::Nothing => {}
        }
        pulse.has_confirmation(Instant::now(), self.talk.has_confirmation());
        Ok(())
    }

    fn message(&mut self, message: Message) {
        self.inbox.push(Event::Message(message));
    }

    /// The line is ready.
    fn online(&mut self, begun: Begun, line: &Line, pulse: &mut Pulse) {
        pulse.online(Instant::now());
        let away = self.lost_at.take().map(|lost| lost.elapsed()).unwrap_or_default();
        self.inbox.status(Status::Online { resumed: begun.fresh.is_none(), away, subprotocol: line.subprotocol.clone() });
        if let Some(reason) = begun.fresh
            && std::mem::replace(&mut self.was_online, true)
        {
            self.inbox.push(Event::Fresh { reason, unknown: begun.unknown });
        }
        begun.message.into_iter().for_each(|message| self.message(message));
    }
}

/// The time by which an open line must be ready. `limit` is that of the attempt. A server whose line opens late still has its full time to answer
/// hello.
fn ready_until(now: Instant, limit: Instant, is_unanswered: bool) -> Instant {
    if is_unanswered { now + FIRST_WELCOME } else { limit }
}

/// Whether a server without sessions refuses hello with this code. Other codes end a line for reasons unrelated to its messages.
fn refuses_hello(code: u16) -> bool {
    matches!(code, 1000 | 1002 | 1003 | 1007..=1011 | 3000..)
}

/// Closes the line behind the messages that wait.
fn close(line: &mut Line, pulse: &mut Pulse, code: u16, reason: String) -> bool {
    line.out.push_back(Outgoing::Close(code, reason));
    pulse.closing(Instant::now());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_an_unknown_kind_has_its_time_from_the_open_line_on() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        for left in [second, 10 * second] {
            assert_eq!(ready_until(now, now + left, true), now + FIRST_WELCOME);
            assert_eq!(ready_until(now, now + left, false), now + left);
        }
    }
}
