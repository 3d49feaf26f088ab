//! The closing handshake (RFC 6455 §7.1), without I/O and without a clock.

use std::time::Duration;

/// How far the end of one connection has come.
///
/// Each method reports an event and returns the [`Action`] that the owner of the connection has to take. The machine serves both
/// sides. It is one byte, so that an owner can keep it in a `Cell`.
///
/// Both sides send one close frame, in either order. Ours is *queued* behind everything that was sent before. No message is
/// queued after it. Messages of the peer are delivered only while the connection is [`Closing::Open`].
///
/// ```
/// use ws_protocol::{Action, Closing};
///
/// let mut closing = Closing::default();
/// assert_eq!(closing.received(), Action::Leave); // The peer's close frame: tell the application.
/// assert_eq!(closing.reply(), Action::Reply); // The application has ended: queue our close frame.
/// assert_eq!(closing.flushed(), Action::End); // That is written: close the socket.
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Closing {
    /// Messages go both ways.
    #[default]
    Open,
    /// The peer's close frame has come. Our reply is not queued yet: messages that were sent before may still go out.
    Received,
    /// The peer sends no more, and has sent no close frame. Messages that were sent to it before may still go out.
    HalfClosed,
    /// Our close frame is queued. The peer's has not come.
    Sent,
    /// Nothing is awaited from the peer any more: the connection is over as soon as everything that is queued is written.
    Answered,
    /// Our close frame is queued, and no frame of the peer matters any more: it broke the protocol, or we give it up.
    Broken,
    /// The same, and our side of the connection is shut behind our close frame.
    Shut,
    /// Nothing is read or written any more.
    Over,
}

/// The next thing that the owner of a connection has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Queue our close frame, tell the application that the peer has left, and begin to count the time for
    /// [`Closing::waited`].
    Close,
    /// Tell the application that the peer has left, and call [`Closing::reply`] once the reply may be queued.
    Leave,
    /// Queue our close frame, and begin to count the time for [`Closing::waited`]. The application knows already. The frame repeats
    /// the peer's code (RFC 6455 §5.5.1), unless we close for a reason of our own.
    Reply,
    /// Nothing is left to wait for but our own writing: call [`Closing::flushed`] once nothing waits to be written.
    Flush,
    /// Shut our side of the connection, and drop everything that is read. To close the socket now would reset it while the peer
    /// still sends, and our close frame could be lost.
    Shut,
    /// Close the connection, and drop the bytes that wait to be written. A client waits for the server to do so first
    /// (RFC 6455 §7.1.1).
    End,
    /// The same without a closing handshake: tell the application that the peer is lost.
    Lose,
}

impl Closing {
    /// Whether messages go both ways.
    pub fn is_open(self) -> bool {
        self == Self::Open
    }

    /// Whether messages may still be queued for the peer.
    pub fn takes_messages(self) -> bool {
        matches!(self, Self::Open | Self::Received | Self::HalfClosed)
    }

    /// Whether frames of the peer no longer matter.
    pub fn ignores_input(self) -> bool {
        matches!(self, Self::Broken | Self::Shut)
    }

    /// Whether nothing is read or written any more.
    pub fn is_over(self) -> bool {
        self == Self::Over
    }

    /// We end the connection. If the peer waits for our reply, our close frame is that reply. After a close frame of ours, this
    /// changes nothing.
    pub fn close(&mut self) -> Action {
        match self {
            Self::Open => self.step(Self::Open, Self::Sent, Action::Close),
            Self::HalfClosed => self.step(Self::HalfClosed, Self::Answered, Action::Reply),
            _ => self.reply(),
        }
    }

    /// The peer broke a rule of the protocol, and is told which. Once our close frame is queued, this changes nothing.
    pub fn violated(&mut self) -> Action {
        self.step(Self::Open, Self::Broken, Action::Close)
    }

    /// The peer's close frame has come.
    pub fn received(&mut self) -> Action {
        match self {
            Self::Open => self.step(Self::Open, Self::Received, Action::Leave),
            Self::Sent => self.step(Self::Sent, Self::Answered, Action::Flush),
            _ => Action::Nothing,
        }
    }

    /// The application has ended. The reply to the peer's close frame may be queued; a peer that has sent none gets none.
    pub fn reply(&mut self) -> Action {
        match self {
            Self::HalfClosed => self.step(Self::HalfClosed, Self::Answered, Action::Flush),
            _ => self.step(Self::Received, Self::Answered, Action::Reply),
        }
    }

    /// The peer's side of the connection has ended in order. Our direction is still open (RFC 9293 §3.6): its earlier messages
    /// are answered.
    pub fn half_closed(&mut self) -> Action {
        match self {
            Self::Open => self.step(Self::Open, Self::HalfClosed, Action::Leave),
            Self::Sent => self.step(Self::Sent, Self::Answered, Action::Flush),
            Self::Broken => self.step(Self::Broken, Self::Answered, Action::Flush),
            Self::Shut => self.step(Self::Shut, Self::Over, Action::End),
            _ => Action::Nothing,
        }
    }

    /// Everything that was queued is written.
    pub fn flushed(&mut self) -> Action {
        match self {
            Self::Answered => self.step(Self::Answered, Self::Over, Action::End),
            Self::Broken => self.step(Self::Broken, Self::Shut, Action::Shut),
            _ => Action::Nothing,
        }
    }

    /// The connection has failed: nothing can be read or written any more.
    pub fn failed(&mut self) -> Action {
        match std::mem::replace(self, Self::Over) {
            Self::Open => Action::Lose,
            Self::Over => Action::Nothing,
            _ => Action::End,
        }
    }

    /// The peer could have answered our close frame for this long, or has taken nothing for this long that was sent before it. It has
    /// `limit` for either. A reply that is not queued yet is not the peer's delay.
    pub fn waited(&mut self, time: Duration, limit: Duration) -> Action {
        match self {
            Self::Sent | Self::Answered | Self::Broken | Self::Shut if time >= limit => {
                *self = Self::Over;
                Action::End
            }
            _ => Action::Nothing,
        }
    }

    fn step(&mut self, from: Self, to: Self, action: Action) -> Action {
        if *self != from {
            return Action::Nothing;
        }
        *self = to;
        action
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);
    const ALL: [Closing; 8] = [
        Closing::Open,
        Closing::Received,
        Closing::HalfClosed,
        Closing::Sent,
        Closing::Answered,
        Closing::Broken,
        Closing::Shut,
        Closing::Over,
    ];

    /// A machine that a connection begins with, and the actions so far.
    fn run(steps: &[fn(&mut Closing) -> Action]) -> (Vec<Action>, Closing) {
        let mut closing = Closing::default();
        let actions = steps.iter().map(|step| step(&mut closing)).collect();
        (actions, closing)
    }

    /// The states in which a report has an effect: before, what is to be done, and after.
    fn effects(report: fn(&mut Closing) -> Action) -> Vec<(Closing, Action, Closing)> {
        let after = ALL.map(|before| {
            let mut closing = before;
            (before, report(&mut closing), closing)
        });
        let changed = |(before, action, after): &(Closing, Action, Closing)| before != after || *action != Action::Nothing;
        after.into_iter().filter(changed).collect()
    }

    #[test]
    fn our_close_is_answered_and_the_connection_ends() {
        let steps = run(&[Closing::close, Closing::flushed, Closing::received, Closing::flushed]);
        assert_eq!(steps, (vec![Action::Close, Action::Nothing, Action::Flush, Action::End], Closing::Over));
    }

    #[test]
    fn an_answer_that_comes_before_our_close_frame_is_written_waits_for_that() {
        let steps = run(&[Closing::close, Closing::received, Closing::flushed]);
        assert_eq!(steps, (vec![Action::Close, Action::Flush, Action::End], Closing::Over));
    }

    #[test]
    fn a_peer_that_closes_gets_a_reply_and_the_connection_ends() {
        let steps = run(&[Closing::received, Closing::reply, Closing::flushed]);
        assert_eq!(steps, (vec![Action::Leave, Action::Reply, Action::End], Closing::Over));
    }

    #[test]
    fn a_reply_can_wait_while_older_messages_are_written() {
        let steps = run(&[Closing::received, Closing::flushed, |closing| closing.waited(2 * LIMIT, LIMIT), Closing::received]);
        assert_eq!(steps, (vec![Action::Leave, Action::Nothing, Action::Nothing, Action::Nothing], Closing::Received));
        assert!(Closing::Received.takes_messages());
    }

    #[test]
    fn our_close_is_the_reply_that_a_peer_waits_for() {
        let steps = run(&[Closing::received, Closing::close, Closing::reply, Closing::flushed]);
        assert_eq!(steps, (vec![Action::Leave, Action::Reply, Action::Nothing, Action::End], Closing::Over));
    }

    #[test]
    fn a_peer_that_is_gone_before_the_reply_gets_none() {
        let steps = run(&[Closing::received, Closing::failed, Closing::reply]);
        assert_eq!(steps, (vec![Action::Leave, Action::End, Action::Nothing], Closing::Over));
    }

    #[test]
    fn a_peer_that_breaks_the_protocol_is_told_why_and_our_side_is_shut_once() {
        let steps = run(&[Closing::violated, Closing::flushed, Closing::flushed, Closing::failed]);
        assert_eq!(steps, (vec![Action::Close, Action::Shut, Action::Nothing, Action::End], Closing::Over));
    }

    #[test]
    fn we_close_once() {
        let open = (Closing::Open, Action::Close, Closing::Sent);
        let replies = [Closing::Received, Closing::HalfClosed].map(|before| (before, Action::Reply, Closing::Answered));
        assert_eq!(effects(Closing::close), [open, replies[0], replies[1]]);
        assert_eq!(effects(Closing::violated), [(Closing::Open, Action::Close, Closing::Broken)]);
    }

    #[test]
    fn a_close_frame_counts_once() {
        let open = (Closing::Open, Action::Leave, Closing::Received);
        assert_eq!(effects(Closing::received), [open, (Closing::Sent, Action::Flush, Closing::Answered)]);
        let half_closed = (Closing::HalfClosed, Action::Flush, Closing::Answered);
        assert_eq!(effects(Closing::reply), [(Closing::Received, Action::Reply, Closing::Answered), half_closed]);
    }

    #[test]
    fn a_peer_that_sends_no_more_gets_what_was_sent_to_it_and_no_close_frame() {
        let steps = run(&[Closing::half_closed, Closing::flushed, Closing::reply, Closing::flushed]);
        assert_eq!(steps, (vec![Action::Leave, Action::Nothing, Action::Flush, Action::End], Closing::Over));
        assert!(Closing::HalfClosed.takes_messages());
    }

    #[test]
    fn a_peer_that_sends_no_more_after_its_close_frame_gets_the_reply() {
        let steps = run(&[Closing::received, Closing::half_closed, Closing::reply, Closing::half_closed, Closing::flushed]);
        let actions = vec![Action::Leave, Action::Nothing, Action::Reply, Action::Nothing, Action::End];
        assert_eq!(steps, (actions, Closing::Over));
    }

    #[test]
    fn the_end_of_the_peers_side_takes_the_place_of_its_close_frame() {
        let open = (Closing::Open, Action::Leave, Closing::HalfClosed);
        let closed = [Closing::Sent, Closing::Broken].map(|before| (before, Action::Flush, Closing::Answered));
        let shut = (Closing::Shut, Action::End, Closing::Over);
        assert_eq!(effects(Closing::half_closed), [open, closed[0], closed[1], shut]);
    }

    #[test]
    fn the_end_of_writing_ends_an_answered_connection_and_shuts_a_broken_one() {
        let answered = (Closing::Answered, Action::End, Closing::Over);
        assert_eq!(effects(Closing::flushed), [answered, (Closing::Broken, Action::Shut, Closing::Shut)]);
    }

    #[test]
    fn a_failure_ends_everything_and_is_a_loss_when_nobody_has_closed() {
        let ends = ALL.map(|before| (before, if before.is_open() { Action::Lose } else { Action::End }, Closing::Over));
        assert_eq!(effects(Closing::failed), ends[..7]);
    }

    #[test]
    fn a_peer_that_does_not_answer_in_time_is_given_up() {
        assert_eq!(effects(|closing| closing.waited(LIMIT - Duration::from_nanos(1), LIMIT)), []);
        let given_up = [Closing::Sent, Closing::Answered, Closing::Broken, Closing::Shut];
        let ends = given_up.map(|before| (before, Action::End, Closing::Over));
        assert_eq!(effects(|closing| closing.waited(LIMIT, LIMIT)), ends);
    }

    #[test]
    fn it_is_one_byte() {
        assert_eq!(size_of::<Closing>(), 1);
    }
}
