//! A message on its way to lines: as it is, and compressed for the lines that have agreed on that.

use std::cell::Cell;
use std::fmt;

use bytes::Bytes;

use super::resources::Resources;
use crate::protocol::resume::wrap_frame;
use crate::protocol::{Agreement, Deflater, read_message};
use crate::room::{COPIED_UP_TO_BYTES, Frame, Turn};

/// The frame of one message, for one receiver or for many. It is compressed when the first receiver needs that, and then
/// once for each size of window, for all receivers.
#[derive(Debug)]
pub struct CachedFrame<'a> {
    plain: Form<'a>,
    compressed: Compressed,
    /// The form for clients with sessions, from the first one on that needs it.
    wrapped: Option<Box<Wrapped>>,
    work: Work,
}

/// The frame with the byte in front of its payload that the protocol of sessions wants.
#[derive(Debug)]
struct Wrapped {
    plain: Bytes,
    compressed: Compressed,
}

/// The compressed forms by the window that they need; `None` where the plain one is no larger.
type Compressed = Vec<(u8, Option<Bytes>)>;

/// How a frame is compressed.
#[derive(Debug)]
struct Work {
    /// Whether it goes to one line, which may have a stream of its own.
    for_one: bool,
    /// The time that compressing it has taken so far, counted in deliveries.
    effort: usize,
}

/// Bytes that go into an outbox.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// To be copied.
    Copied(&'a [u8]),
    /// To be shared by reference.
    Shared(&'a Bytes),
}

impl<'a> Form<'a> {
    /// A small frame is copied.
    fn of(frame: &'a Bytes) -> Self {
        if frame.len() <= COPIED_UP_TO_BYTES { Self::Copied(frame) } else { Self::Shared(frame) }
    }

    /// The frame, header and payload.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl<'a> CachedFrame<'a> {
    /// A frame that a handler has staged.
    pub fn staged(turn: &'a Turn, frame: &'a Frame, for_one: bool) -> Self {
        let plain = match frame {
            Frame::Small(_) => Form::Copied(turn.bytes_of(frame)),
            Frame::Shared(bytes) => Form::Shared(bytes),
        };
        Self::new(plain, for_one)
    }

    /// A frame that stands on its own.
    pub fn whole(frame: &'a Bytes, for_one: bool) -> Self {
        Self::new(Form::Shared(frame), for_one)
    }

    /// A frame that was kept for one client, in the form for clients with sessions.
    pub fn kept(wrapped: &'a Bytes) -> Self {
        Self::new(Form::of(wrapped), true)
    }

    fn new(plain: Form<'a>, for_one: bool) -> Self {
        Self { plain, compressed: Vec::new(), wrapped: None, work: Work { for_one, effort: 0 } }
    }

    /// Its size without compression in bytes, the size that was counted when it was staged.
    pub fn len(&self) -> usize {
        self.plain.bytes().len()
    }

    /// The time that compressing it has taken so far, counted in deliveries.
    pub fn effort(&self) -> usize {
        self.work.effort
    }

    /// Gives `put` the form that a line gets.
    pub fn form_for(&mut self, deflation: Option<&Deflation>, resources: &Resources, put: impl FnOnce(Form<'_>)) {
        self.work.form_for(self.plain, &mut self.compressed, deflation, resources, put);
    }

    /// The same for a line of a client with a session.
    pub fn wrapped_for(&mut self, deflation: Option<&Deflation>, resources: &Resources, put: impl FnOnce(Form<'_>)) {
        let wrapped = wrapped(&mut self.wrapped, self.plain);
        self.work.form_for(Form::of(&wrapped.plain), &mut wrapped.compressed, deflation, resources, put);
    }

    /// The frame as it is kept for a client with a session.
    pub fn wrapped(&mut self) -> Bytes {
        wrapped(&mut self.wrapped, self.plain).plain.clone()
    }
}

fn wrapped<'a>(made: &'a mut Option<Box<Wrapped>>, plain: Form<'_>) -> &'a mut Wrapped {
    let make = || Wrapped { plain: wrap_frame(plain.bytes()).into(), compressed: Vec::new() };
    made.get_or_insert_with(|| Box::new(make()))
}

impl Work {
    fn form_for(
        &mut self,
        plain: Form<'_>,
        compressed: &mut Compressed,
        deflation: Option<&Deflation>,
        resources: &Resources,
        put: impl FnOnce(Form<'_>),
    ) {
        let Some(deflation) = deflation else { return put(plain) };
        let (text, payload) = read_message(plain.bytes());
        if payload.len() < resources.limits.compress_above_bytes {
            return put(plain);
        }
        if self.for_one && deflation.keeps_context {
            let mut stream = deflation.own.take().unwrap_or_else(|| Box::new(Deflater::new(deflation.window)));
            self.effort += effort(payload);
            put(Form::Copied(stream.in_context(text, payload)));
            return deflation.own.set(Some(stream));
        }
        let window = deflation.window;
        let known = compressed.iter().position(|(for_window, _)| *for_window == window);
        let at = known.unwrap_or_else(|| {
            let mut streams = resources.deflaters.borrow_mut();
            let frame = streams.with_window(window).alone(text, payload).map(Bytes::copy_from_slice);
            compressed.push((window, frame));
            self.effort += effort(payload);
            compressed.len() - 1
        });
        match &compressed[at].1 {
            None => put(plain),
            Some(frame) => {
                // The client's window now holds something that the line's own stream does not know of.
                if let Some(mut own) = deflation.own.take() {
                    own.forget();
                    deflation.own.set(Some(own));
                }
                put(Form::of(frame));
            }
        }
    }
}

/// 10 us and 3 ns for each byte (docs/decisions.md), where a delivery takes 0.1 us.
fn effort(payload: &[u8]) -> usize {
    100 + payload.len() / 32
}

/// How messages to one line are compressed.
pub struct Deflation {
    window: u8,
    keeps_context: bool,
    /// The line's own stream, from the first message on that needs it.
    own: Cell<Option<Box<Deflater>>>,
}

impl fmt::Debug for Deflation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, keeps_context, .. } = self;
        f.debug_struct("Deflation").field("window", window).field("keeps_context", keeps_context).finish_non_exhaustive()
    }
}

impl Deflation {
    /// Uses the parameters that the handshake agreed on.
    pub fn new(agreement: Agreement) -> Self {
        Self { window: agreement.server_window, keeps_context: agreement.server_takeover, own: Cell::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;

    /// The address and the length of the frame that a line gets.
    fn form(frame: &mut CachedFrame<'_>, resources: &Resources, deflation: Option<&Deflation>) -> (usize, usize) {
        let mut found = (0, 0);
        frame.form_for(deflation, resources, |form| found = (form.bytes().as_ptr() as usize, form.bytes().len()));
        found
    }

    #[test]
    fn a_message_to_many_is_compressed_once_for_each_size_of_window() {
        let resources = Resources::new(Limits::default());
        let agreed =
            |server_window, server_takeover| Deflation::new(Agreement { server_window, server_takeover, client_takeover: false });
        let mut frame = Vec::new();
        crate::protocol::write_message(&mut frame, true, "again and ".repeat(100).as_bytes());
        let frame = Bytes::from(frame);
        let mut cached = CachedFrame::whole(&frame, false);
        let plain = form(&mut cached, &resources, None);
        assert_eq!(plain, (frame.as_ptr() as usize, frame.len()));
        let first = form(&mut cached, &resources, Some(&agreed(15, false)));
        assert!(first.1 < plain.1);
        assert_eq!(form(&mut cached, &resources, Some(&agreed(15, true))), first, "with a context of its own as well");
        assert_ne!(form(&mut cached, &resources, Some(&agreed(9, false))).0, first.0);
        assert_eq!(cached.compressed.len(), 2);
    }

    #[test]
    fn the_form_for_sessions_is_made_once_and_kept_by_reference() {
        let resources = Resources::new(Limits::default());
        let mut frame = Vec::new();
        crate::protocol::write_message(&mut frame, true, "x".repeat(5000).as_bytes());
        let frame = Bytes::from(frame);
        let mut cached = CachedFrame::whole(&frame, false);
        form(&mut cached, &resources, None);
        assert!(cached.wrapped.is_none(), "nobody has needed it");
        let (one, other) = (cached.wrapped(), cached.wrapped());
        assert_eq!(one.as_ptr(), other.as_ptr());
        let mut sent = std::ptr::null();
        cached.wrapped_for(None, &resources, |form| sent = form.bytes().as_ptr());
        assert_eq!(sent, one.as_ptr());
        assert_eq!(read_message(&one), (true, [b".", "x".repeat(5000).as_bytes()].concat().as_slice()));
    }
}
