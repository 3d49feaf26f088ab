//! Events that wait for the application.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::{Event, Status};

/// Events that the application has not taken. It stays small, though the application may read nothing: the line is read only while it is
/// empty, of several changes of the status the last one counts, and what may be lost is told once.
#[derive(Debug, Default)]
pub(crate) struct Inbox(VecDeque<Event>);

impl Inbox {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands the first event to the application when it has room. Without an application nothing waits. A call whose future is dropped
    /// loses none.
    pub(crate) async fn deliver(&mut self, application: &mpsc::Sender<Event>) {
        let Ok(permit) = application.reserve().await else { return self.0.clear() };
        if let Some(event) = self.0.pop_front() {
            permit.send(event);
        }
    }

    pub(crate) fn status(&mut self, status: Status) {
        match self.0.back_mut() {
            Some(Event::Status(last)) => *last = status,
            _ => self.0.push_back(Event::Status(status)),
        }
    }

    pub(crate) fn push(&mut self, event: Event) {
        let Event::Fresh { reason, unknown } = event else { return self.0.push_back(event) };
        let waiting = self.0.iter_mut().find_map(|event| match event {
            Event::Fresh { reason, unknown } => Some((reason, unknown)),
            _ => None,
        });
        match waiting {
            Some((first, earlier)) => {
                *first = reason;
                earlier.extend(unknown);
            }
            None => self.0.push_back(Event::Fresh { reason, unknown }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ws_protocol::resume::Fresh;

    #[test]
    fn it_stays_small_whatever_happens_to_the_line() {
        let mut inbox = Inbox::default();
        inbox.push(Event::Message("a".into()));
        for (reason, text) in [(Fresh::Unknown, "b"), (Fresh::Expired, "c")] {
            inbox.status(Status::Connecting);
            inbox.status(Status::Online { resumed: false, away: std::time::Duration::ZERO, subprotocol: None });
            inbox.push(Event::Fresh { reason, unknown: vec![text.into()] });
        }
        let online = Event::Status(Status::Online { resumed: false, away: std::time::Duration::ZERO, subprotocol: None });
        let fresh = Event::Fresh { reason: Fresh::Expired, unknown: vec!["b".into(), "c".into()] };
        let events: Vec<_> = inbox.0.into_iter().collect();
        assert_eq!(events, [Event::Message("a".into()), online.clone(), fresh, online]);
    }
}
