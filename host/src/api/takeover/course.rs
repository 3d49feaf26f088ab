//! The rules of a takeover, as the old process follows them.

use super::messages::FromNew;

/// How far a takeover is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// The new process has the sockets and gets ready.
    Offered,
    /// The new process may begin. Both accept connections, until it says that it does.
    Promised(Vec<usize>),
    /// The old process ends its service, so that the data folder is free.
    Ending,
    /// The same, and the new process has gone meanwhile.
    EndingAlone(String),
    /// The old process serves no more, and the new one may begin.
    Released,
    /// It is over.
    Over,
}

/// Something that happens to the old process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The new process says something.
    Said(FromNew),
    /// The new process has closed the connection, or cannot be understood, for this reason.
    Gone(String),
    /// The service of the old process has ended.
    Ended,
}

/// The task of the old process, in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// End the service. These sockets go on.
    End(Vec<usize>),
    /// Say `yours`.
    Promise,
    /// The new process is the service. Say `left`.
    Leave,
    /// The new process has failed for this reason, and nothing has changed.
    GoOn(String),
    /// The new process has failed for this reason, and nobody serves.
    NobodyServes(String),
}

impl Course {
    /// Notes an event. Returns what to do.
    pub fn follow(&mut self, event: Event) -> Vec<Action> {
        let now = std::mem::replace(self, Self::Over);
        let failure = match &event {
            Event::Said(FromNew::Failed { reason }) | Event::Gone(reason) => Some(reason.clone()),
            _ => None,
        };
        let (next, actions) = match (now, event, failure) {
            (Self::Offered, Event::Said(FromNew::Ready { takes, needs_data: false }), _) => {
                (Self::Promised(takes), vec![Action::Promise])
            }
            (Self::Offered, Event::Said(FromNew::Ready { takes, needs_data: true }), _) => {
                (Self::Ending, vec![Action::End(takes)])
            }
            (Self::Promised(takes), Event::Said(FromNew::Serving), _) => (Self::Over, vec![Action::End(takes), Action::Leave]),
            (Self::Offered | Self::Promised(_), _, Some(reason)) => (Self::Over, vec![Action::GoOn(reason)]),
            // Its owner has ended it meanwhile. The connection closes, and the new process goes on by itself.
            (Self::Offered | Self::Promised(_), Event::Ended, _) => (Self::Over, vec![]),
            (Self::Ending, Event::Ended, _) => (Self::Released, vec![Action::Promise]),
            (Self::Ending, _, Some(reason)) => (Self::EndingAlone(reason), vec![]),
            (Self::EndingAlone(reason), Event::Ended, _) => (Self::Over, vec![Action::NobodyServes(reason)]),
            (Self::Released, Event::Said(FromNew::Serving), _) => (Self::Over, vec![Action::Leave]),
            (Self::Released, _, Some(reason)) => (Self::Over, vec![Action::NobodyServes(reason)]),
            // A message of a later version, or one that says nothing new.
            (now, ..) => (now, vec![]),
        };
        *self = next;
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(needs_data: bool) -> Event {
        Event::Said(FromNew::Ready { takes: vec![0, 2], needs_data })
    }

    fn serving() -> Event {
        Event::Said(FromNew::Serving)
    }

    fn gone() -> Event {
        Event::Gone("it has gone".into())
    }

    fn failed() -> Event {
        Event::Said(FromNew::Failed { reason: "no data".into() })
    }

    /// The actions at each of these events, and whether it is over then.
    fn course<const N: usize>(events: [Event; N]) -> ([Vec<Action>; N], bool) {
        let mut course = Course::Offered;
        let actions = events.map(|event| course.follow(event));
        (actions, course == Course::Over)
    }

    fn end() -> Action {
        Action::End(vec![0, 2])
    }

    #[test]
    fn the_old_process_stops_when_the_new_one_serves() {
        assert_eq!(course([ready(false), serving()]), ([vec![Action::Promise], vec![end(), Action::Leave]], true));
    }

    #[test]
    fn with_a_common_data_folder_the_old_process_ends_before_the_new_one_begins() {
        let (actions, over) = course([ready(true), Event::Ended, serving()]);
        assert_eq!((actions, over), ([vec![end()], vec![Action::Promise], vec![Action::Leave]], true));
    }

    #[test]
    fn a_new_process_that_fails_before_it_serves_changes_nothing() {
        let go_on = |reason: &str| vec![Action::GoOn(reason.into())];
        assert_eq!(course([gone()]), ([go_on("it has gone")], true));
        assert_eq!(course([failed()]), ([go_on("no data")], true));
        assert_eq!(course([ready(false), failed()]), ([vec![Action::Promise], go_on("no data")], true));
    }

    #[test]
    fn a_new_process_that_fails_with_the_data_folder_leaves_nobody_who_serves() {
        let nobody = |reason: &str| vec![Action::NobodyServes(reason.into())];
        assert_eq!(course([ready(true), Event::Ended, failed()]).0[2], nobody("no data"));
        assert_eq!(course([ready(true), gone(), Event::Ended]), ([vec![end()], vec![], nobody("it has gone")], true));
    }

    #[test]
    fn an_old_process_that_its_owner_ends_leaves_the_new_one_alone() {
        assert_eq!(course([Event::Ended]), ([vec![]], true));
        assert!(course([ready(false), Event::Ended]).1);
    }

    #[test]
    fn a_message_that_does_not_fit_is_ignored() {
        let (actions, over) = course([serving(), Event::Said(FromNew::Unknown), ready(true), ready(false), serving()]);
        assert_eq!((actions, over), ([vec![], vec![], vec![end()], vec![], vec![]], false));
    }
}
