//! A message on its way to lines: as it is, and compressed for the lines that have agreed on that.

use std::cell::RefCell;

use bytes::Bytes;

use super::resources::Resources;
use crate::protocol::{Agreement, Deflater, read_message};
use crate::room::{COPIED_UP_TO_BYTES, Frame, Turn};

/// The frame of one message, for one receiver or for many. It is compressed when the first receiver needs that, and then
/// once for each size of window, for all receivers.
#[derive(Debug)]
pub struct CachedFrame<'a> {
    plain: Form<'a>,
    /// Whether it goes to one line, which may have a stream of its own.
    for_one: bool,
    /// The compressed forms by the window that they need; `None` where the plain one is no larger.
    compressed: Vec<(u8, Option<Bytes>)>,
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

impl Form<'_> {
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
        Self { plain, for_one, compressed: Vec::new(), effort: 0 }
    }

    /// A frame that stands on its own.
    #[cfg(test)]
    pub fn whole(frame: &'a Bytes, for_one: bool) -> Self {
        Self { plain: Form::Shared(frame), for_one, compressed: Vec::new(), effort: 0 }
    }

    /// Its size without compression in bytes, the size that was counted when it was staged.
    pub fn len(&self) -> usize {
        self.plain.bytes().len()
    }

    /// The time that compressing it has taken so far, counted in deliveries.
    pub fn effort(&self) -> usize {
        self.effort
    }

    /// Gives `put` the form that a line gets.
    pub fn form_for(&mut self, deflation: Option<&Deflation>, resources: &Resources, put: impl FnOnce(Form<'_>)) {
        let Some(deflation) = deflation else { return put(self.plain) };
        let (text, payload) = read_message(self.plain.bytes());
        if payload.len() < resources.limits.compress_above_bytes {
            return put(self.plain);
        }
        if self.for_one && deflation.keeps_context {
            let mut own = deflation.own.borrow_mut();
            let stream = own.get_or_insert_with(|| Box::new(Deflater::new(deflation.window)));
            self.effort += effort(payload);
            return put(Form::Copied(stream.in_context(text, payload)));
        }
        let window = deflation.window;
        let known = self.compressed.iter().position(|(for_window, _)| *for_window == window);
        let at = known.unwrap_or_else(|| {
            let mut streams = resources.deflaters.borrow_mut();
            let frame = streams.with_window(window).alone(text, payload).map(Bytes::copy_from_slice);
            self.compressed.push((window, frame));
            self.effort += effort(payload);
            self.compressed.len() - 1
        });
        match &self.compressed[at].1 {
            None => put(self.plain),
            Some(frame) => {
                // The client's window now holds something that the line's own stream does not know of.
                if let Some(own) = &mut *deflation.own.borrow_mut() {
                    own.forget();
                }
                put(if frame.len() <= COPIED_UP_TO_BYTES { Form::Copied(frame) } else { Form::Shared(frame) });
            }
        }
    }
}

/// 10 us and 3 ns for each byte (docs/decisions.md), where a delivery takes 0.1 us.
fn effort(payload: &[u8]) -> usize {
    100 + payload.len() / 32
}

/// How messages to one line are compressed.
#[derive(Debug)]
pub struct Deflation {
    window: u8,
    keeps_context: bool,
    /// The line's own stream, from the first message on that needs it.
    own: RefCell<Option<Box<Deflater>>>,
}

impl Deflation {
    /// Uses the parameters that the handshake agreed on.
    pub fn new(agreement: Agreement) -> Self {
        Self { window: agreement.server_window, keeps_context: agreement.server_takeover, own: RefCell::default() }
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
}
