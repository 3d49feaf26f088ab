//! One request and its answer as a state machine: arrivals go in with the time, answers for the room come out.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::answer::{Answer, BodyPart, Cause, Failure, Response};

/// The largest piece of a streamed body.
const MAX_PIECE_BYTES: usize = 64 << 10;

/// An exchange. After the last answer, it takes nothing more.
#[derive(Debug)]
pub(super) struct Exchange {
    stream: bool,
    max_body_bytes: usize,
    timeout: Duration,
    deadline: Instant,
    /// The head of an answer whose body is gathered.
    head: Option<Response>,
    body: BytesMut,
    /// The room has the head, and gets the body in pieces.
    streams: bool,
    /// Bytes of a streamed body that are more than a piece.
    rest: Bytes,
}

impl Exchange {
    /// An exchange that begins now. An answer that is not streamed may have this many bytes.
    pub(super) fn new(stream: bool, max_body_bytes: usize, timeout: Duration, now: Instant) -> Self {
        let deadline = now + timeout;
        let (head, body, rest) = (None, BytesMut::new(), Bytes::new());
        Self { stream, max_body_bytes, timeout, deadline, head, body, streams: false, rest }
    }

    /// Whether the body of the answer is gathered, and told whole.
    pub(super) fn gathers(&self) -> bool {
        self.head.is_some()
    }

    /// When it has taken too long.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The head of the answer has arrived, whose body has this many bytes if that is known.
    pub(super) fn on_head(&mut self, head: Response, body_bytes: Option<u64>) -> Option<Answer> {
        if self.stream {
            self.streams = true;
            return Some(Answer::Response(Ok(Response { body: None, ..head })));
        }
        if body_bytes.is_some_and(|bytes| bytes > self.max_body_bytes as u64) {
            return Some(self.fail(too_big(self.max_body_bytes)));
        }
        self.head = Some(head);
        None
    }

    /// Some of the body has arrived. For a streamed body, `next_piece` has the rest.
    pub(super) fn on_data(&mut self, data: Bytes) -> Option<Answer> {
        if self.streams {
            self.rest = data;
            return self.next_piece();
        }
        if self.body.len() + data.len() > self.max_body_bytes {
            return Some(self.fail(too_big(self.max_body_bytes)));
        }
        self.body.extend_from_slice(&data);
        None
    }

    /// The next piece of the bytes that have arrived.
    pub(super) fn next_piece(&mut self) -> Option<Answer> {
        let piece = self.rest.split_to(self.rest.len().min(MAX_PIECE_BYTES));
        (!piece.is_empty()).then_some(Answer::Part(BodyPart::Piece(piece)))
    }

    /// The room has a piece, or the head of a streamed answer. The time until the next one counts anew.
    pub(super) fn note_told(&mut self, now: Instant) {
        if self.streams {
            self.deadline = now + self.timeout;
        }
    }

    /// The body is complete.
    pub(super) fn on_end(&mut self) -> Answer {
        match self.head.take() {
            Some(head) => Answer::Response(Ok(Response { body: Some(self.body.split().freeze()), ..head })),
            None => Answer::Part(BodyPart::End),
        }
    }

    /// It has taken too long.
    pub(super) fn on_deadline(&mut self) -> Answer {
        let time = self.timeout;
        let what = if self.streams { "nothing more of the body has come" } else { "the answer was not complete" };
        self.fail(Failure::new(Cause::Timeout, format!("{what} within {time:?}")))
    }

    /// It has failed.
    pub(super) fn fail(&mut self, failure: Failure) -> Answer {
        self.head = None;
        if self.streams { Answer::Part(BodyPart::Failed(failure)) } else { Answer::Response(Err(failure)) }
    }
}

fn too_big(most: usize) -> Failure {
    Failure::new(Cause::TooBig, format!("the body of the answer is larger than the {most} bytes that this host allows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    fn exchange(stream: bool) -> Exchange {
        Exchange::new(stream, 10, TIMEOUT, Instant::now())
    }

    fn head() -> Response {
        Response { status: 200, headers: vec![("a".into(), "b".into())], body: None }
    }

    fn piece(data: &'static [u8]) -> Option<Answer> {
        Some(Answer::Part(BodyPart::Piece(Bytes::from_static(data))))
    }

    fn failed_with(answer: Answer) -> Option<Cause> {
        match answer {
            Answer::Response(Err(failure)) | Answer::Part(BodyPart::Failed(failure)) => Some(failure.cause),
            _ => None,
        }
    }

    #[test]
    fn a_whole_answer_is_told_once_with_all_of_its_body() {
        let mut exchange = exchange(false);
        assert_eq!(exchange.on_head(head(), Some(10)), None);
        assert_eq!([&b"01234"[..], b"56789"].map(|data| exchange.on_data(data.into())), [None, None]);
        let whole = exchange.on_end();
        assert_eq!(whole, Answer::Response(Ok(Response { body: Some(Bytes::from_static(b"0123456789")), ..head() })));
        assert!(whole.is_last());
    }

    #[test]
    fn an_answer_without_a_body_has_an_empty_one() {
        let mut exchange = exchange(false);
        exchange.on_head(head(), Some(0));
        assert_eq!(exchange.on_end(), Answer::Response(Ok(Response { body: Some(Bytes::new()), ..head() })));
    }

    #[test]
    fn a_body_above_the_limit_fails_at_the_head_or_as_it_arrives() {
        let mut known = exchange(false);
        assert_eq!(known.on_head(head(), Some(11)).and_then(failed_with), Some(Cause::TooBig));
        let mut unknown = exchange(false);
        assert_eq!(unknown.on_head(head(), None), None);
        assert_eq!(unknown.on_data(Bytes::from_static(b"0123456789")), None);
        assert_eq!(unknown.on_data(Bytes::from_static(b"x")).and_then(failed_with), Some(Cause::TooBig));
    }

    #[test]
    fn a_streamed_answer_is_told_as_it_arrives_without_a_limit_on_its_body() {
        let mut exchange = exchange(true);
        let begun = exchange.on_head(head(), Some(1 << 40)).expect("the head is told");
        assert!(begun == Answer::Response(Ok(head())) && !begun.is_last());
        assert_eq!(exchange.on_data(Bytes::from_static(b"012345678901")), piece(b"012345678901"));
        assert_eq!(exchange.next_piece(), None);
        assert_eq!(exchange.on_data(Bytes::new()), None);
        let end = exchange.on_end();
        assert!(end == Answer::Part(BodyPart::End) && end.is_last());
    }

    #[test]
    fn a_piece_has_64_kib_at_most() {
        let mut exchange = exchange(true);
        exchange.on_head(head(), None);
        let first = exchange.on_data(vec![0; (128 << 10) + 1].into());
        let rest = std::iter::from_fn(|| exchange.next_piece());
        let sizes: Vec<_> = first.into_iter().chain(rest).map(|piece| piece.payload_bytes()).collect();
        assert_eq!(sizes, [64 << 10, 64 << 10, 1]);
    }

    #[test]
    fn a_failure_before_the_head_is_the_answer_and_one_behind_it_ends_the_body() {
        let broken = || Failure::new(Cause::Broken, "the connection was lost");
        for stream in [false, true] {
            assert_eq!(exchange(stream).fail(broken()), Answer::Response(Err(broken())));
        }
        let mut gathering = exchange(false);
        gathering.on_head(head(), None);
        assert_eq!(gathering.fail(broken()), Answer::Response(Err(broken())));
        let mut streaming = exchange(true);
        streaming.on_head(head(), None);
        let end = streaming.fail(broken());
        assert!(end == Answer::Part(BodyPart::Failed(broken())) && end.is_last());
    }

    #[test]
    fn a_whole_answer_has_one_time_and_a_streamed_one_has_it_anew_with_each_piece() {
        let start = Instant::now();
        let later = start + TIMEOUT / 2;
        for (stream, deadline) in [(false, start + TIMEOUT), (true, later + TIMEOUT)] {
            let mut exchange = Exchange::new(stream, 10, TIMEOUT, start);
            exchange.note_told(later);
            assert_eq!(exchange.deadline(), start + TIMEOUT, "nothing was told yet");
            exchange.on_head(head(), None);
            exchange.on_data(Bytes::from_static(b"0"));
            exchange.note_told(later);
            assert_eq!(exchange.deadline(), deadline);
            assert_eq!(failed_with(exchange.on_deadline()), Some(Cause::Timeout));
        }
    }
}
