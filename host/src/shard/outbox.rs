//! The frames that wait to be written to one client.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};

/// Slices in one vectored write. Linux takes 1,024. 64 carry a megabyte of the largest shared frames; small frames share a
/// slice.
const SLICES: usize = 64;
/// An emptied buffer of up to this size is kept for other frames; a larger one goes back to the allocator.
const KEEP_BYTES: usize = 4096;
/// A buffer of this size takes no further frame. Its memory is freed only as a whole, so a client that always leaves something
/// unread would make it grow for as long as it is connected.
const CHUNK_BYTES: usize = 64 << 10;
/// The most empty queues that are kept. Up to this many lines per flush get their memory without the allocator. At most 1 MiB.
const KEEP_QUEUES: usize = 256;

/// Frames in their order: small ones copied together into one buffer, large ones shared by reference.
///
/// Empty, it is one pointer and holds no memory.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: Option<Box<Queue>>,
}

/// Empty queues for the next outboxes that need one.
#[derive(Debug, Default)]
pub struct Spares {
    #[expect(clippy::vec_box, reason = "the boxes themselves are passed from outbox to outbox")]
    queues: Vec<Box<Queue>>,
}

#[derive(Debug, Default)]
struct Queue {
    chunks: VecDeque<Chunk>,
    /// An empty buffer for the next chunk of copied frames.
    buffer: Vec<u8>,
    len: usize,
}

#[derive(Debug)]
enum Chunk {
    /// Copied frames, and the number of their bytes that are written.
    Own(Vec<u8>, usize),
    Shared(Bytes),
}

impl Chunk {
    fn rest(&self) -> &[u8] {
        match self {
            Self::Own(bytes, written) => &bytes[*written..],
            Self::Shared(bytes) => bytes,
        }
    }
}

impl Spares {
    fn take(&mut self) -> Box<Queue> {
        self.queues.pop().unwrap_or_default()
    }

    fn keep(&mut self, queue: Box<Queue>) {
        if self.queues.len() < KEEP_QUEUES && queue.chunks.capacity() <= SLICES {
            self.queues.push(queue);
        }
    }
}

impl Outbox {
    /// The number of bytes that wait.
    pub fn len(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len)
    }

    /// The memory that it holds, in bytes. A shared frame counts whole.
    pub fn memory(&self) -> usize {
        let sum = Cell::new(0);
        let add = |bytes| sum.set(sum.get() + bytes);
        self.count(add, |_, bytes| add(bytes));
        sum.get()
    }

    /// Lets a writer append frames.
    pub fn append(&mut self, spares: &mut Spares, write: impl FnOnce(&mut Vec<u8>)) {
        let queue = self.queue.get_or_insert_with(|| spares.take());
        if !matches!(queue.chunks.back(), Some(Chunk::Own(bytes, _)) if bytes.len() < CHUNK_BYTES) {
            queue.chunks.push_back(Chunk::Own(std::mem::take(&mut queue.buffer), 0));
        }
        if let Some(Chunk::Own(bytes, _)) = queue.chunks.back_mut() {
            let before = bytes.len();
            write(bytes);
            queue.len += bytes.len() - before;
        }
    }

    /// Appends a shared frame, without a copy.
    pub fn append_shared(&mut self, spares: &mut Spares, frame: Bytes) {
        let queue = self.queue.get_or_insert_with(|| spares.take());
        queue.len += frame.len();
        queue.chunks.push_back(Chunk::Shared(frame));
    }

    /// Writes as much as `write` takes. Returns the number of bytes written, and whether the next write would block. An emptied
    /// outbox gives its memory to `spares`.
    pub fn write_to(
        &mut self,
        spares: &mut Spares,
        write: impl FnMut(&mut [IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<(usize, bool)> {
        let Some(queue) = &mut self.queue else { return Ok((0, false)) };
        let before = queue.len;
        let blocked = queue.write_to(write)?;
        let written = before - queue.len;
        if let Some(queue) = self.queue.take_if(|queue| queue.len == 0) {
            spares.keep(queue);
        }
        Ok((written, blocked))
    }

    /// Drops everything but the rest of a frame that is written in part, after which another frame may follow. Returns the number of bytes
    /// dropped. `None`, and nothing changes, if a shared frame is first: a part of it may be written, and its rest would keep its memory.
    pub fn keep_begun(&mut self) -> Option<usize> {
        let Some(queue) = &mut self.queue else { return Some(0) };
        let keep = match queue.chunks.front_mut() {
            Some(Chunk::Shared(_)) => return None,
            Some(Chunk::Own(bytes, written)) => {
                let end = end_of_begun(bytes, *written);
                bytes.truncate(end);
                end - *written
            }
            None => 0,
        };
        let dropped = queue.len - keep;
        queue.chunks.truncate(1);
        queue.len = keep;
        if keep == 0 {
            self.queue = None;
        }
        Some(dropped)
    }

    /// Tells the memory that it holds: `own` gets the sizes of its buffers, `shared` the address and size of each shared frame.
    pub fn count(&self, mut own: impl FnMut(usize), mut shared: impl FnMut(usize, usize)) {
        for chunk in self.queue.iter().flat_map(|queue| &queue.chunks) {
            match chunk {
                Chunk::Own(bytes, _) => own(bytes.capacity()),
                // The end of a frame is the same for all, however much of it is written.
                Chunk::Shared(bytes) => shared(bytes.as_ptr_range().end as usize, bytes.len()),
            }
        }
    }

    /// Drops everything. Returns the number of bytes dropped.
    pub fn clear(&mut self) -> usize {
        self.queue.take().map_or(0, |queue| queue.len)
    }
}

impl Queue {
    /// Returns whether the next write would block.
    fn write_to(&mut self, mut write: impl FnMut(&mut [IoSlice<'_>]) -> io::Result<usize>) -> io::Result<bool> {
        while self.len > 0 {
            let (result, offered) = self.offer(&mut write);
            match result {
                Ok(written) => {
                    self.advance(written);
                    // The kernel took less than it was offered: its buffer is full, and another call would only confirm that.
                    if written < offered {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Offers the first chunks to `write`. Returns its result, and the number of bytes offered.
    fn offer(&self, write: &mut impl FnMut(&mut [IoSlice<'_>]) -> io::Result<usize>) -> (io::Result<usize>, usize) {
        if let (Some(only), 1) = (self.chunks.front(), self.chunks.len()) {
            return (write(&mut [IoSlice::new(only.rest())]), only.rest().len());
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        let mut offered = 0;
        for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
            *slice = IoSlice::new(chunk.rest());
            offered += chunk.rest().len();
            count += 1;
        }
        (write(&mut slices[..count]), offered)
    }

    fn advance(&mut self, mut written: usize) {
        self.len -= written;
        while let Some(chunk) = self.chunks.front_mut() {
            let rest = chunk.rest().len();
            if written < rest {
                match chunk {
                    Chunk::Own(_, done) => *done += written,
                    Chunk::Shared(bytes) => bytes.advance(written),
                }
                return;
            }
            written -= rest;
            if let Some(Chunk::Own(mut bytes, _)) = self.chunks.pop_front()
                && self.buffer.capacity() == 0
                && bytes.capacity() <= KEEP_BYTES
            {
                bytes.clear();
                self.buffer = bytes;
            }
        }
    }
}

/// The end of the frame of which the last of the `written` bytes is a part.
fn end_of_begun(frames: &[u8], written: usize) -> usize {
    let mut end = 0;
    while end < written {
        let frame = &frames[end..];
        end += match frame {
            [_, 126, a, b, ..] => 4 + usize::from(u16::from_be_bytes([*a, *b])),
            [_, 127, len @ ..] => 10 + len.first_chunk().map_or(0, |len| u64::from_be_bytes(*len) as usize),
            [_, len, ..] => 2 + usize::from(*len),
            _ => frame.len(),
        };
    }
    end.min(frames.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes through `write_to` into a sink that takes `limit` bytes at a time.
    fn drain(outbox: &mut Outbox, limit: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut spares = Spares::default();
        while outbox.len() > 0 {
            outbox
                .write_to(&mut spares, |slices| {
                    let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
                    let taken = all.len().min(limit);
                    out.extend_from_slice(&all[..taken]);
                    Ok(taken)
                })
                .expect("the sink does not fail");
        }
        out
    }

    #[test]
    fn frames_leave_in_the_order_in_which_they_came_however_little_is_taken_at_a_time() {
        for limit in 1..12 {
            let mut outbox = Outbox::default();
            let mut spares = Spares::default();
            outbox.append(&mut spares, |bytes| bytes.extend_from_slice(b"one "));
            outbox.append(&mut spares, |bytes| bytes.extend_from_slice(b"two "));
            outbox.append_shared(&mut spares, Bytes::from_static(b"three "));
            outbox.append(&mut spares, |bytes| bytes.extend_from_slice(b"four"));
            assert_eq!(outbox.len(), 18);
            assert_eq!(drain(&mut outbox, limit), b"one two three four");
        }
    }

    #[test]
    fn small_frames_share_a_slice() {
        let mut outbox = Outbox::default();
        let mut spares = Spares::default();
        for _ in 0..100 {
            outbox.append(&mut spares, |bytes| bytes.push(7));
        }
        let mut calls = 0;
        let wrote = outbox.write_to(&mut spares, |slices| {
            calls += 1;
            Ok(slices.iter().map(|slice| slice.len()).sum())
        });
        assert_eq!((wrote.ok(), calls), (Some((100, false)), 1));
    }

    #[test]
    fn a_short_write_counts_as_blocked_without_another_call() {
        let mut outbox = Outbox::default();
        let mut spares = Spares::default();
        outbox.append_shared(&mut spares, Bytes::from_static(b"0123456789"));
        let mut calls = 0;
        let wrote = outbox.write_to(&mut spares, |_| {
            calls += 1;
            Ok(4)
        });
        assert_eq!((wrote.ok(), calls, outbox.len()), (Some((4, true)), 1, 6));
    }

    #[test]
    fn an_outbox_that_is_never_empty_holds_no_written_bytes() {
        let mut outbox = Outbox::default();
        let mut spares = Spares::default();
        outbox.append(&mut spares, |bytes| bytes.extend_from_slice(&[7; 100]));
        for _ in 0..10_000 {
            outbox.append(&mut spares, |bytes| bytes.extend_from_slice(&[7; 1000]));
            outbox.write_to(&mut spares, |_| Ok(1000)).expect("the sink does not fail");
            assert_eq!(outbox.len(), 100);
        }
        let held = |chunk: &Chunk| match chunk {
            Chunk::Own(bytes, _) => bytes.capacity(),
            Chunk::Shared(bytes) => bytes.len(),
        };
        let held: usize = outbox.queue.iter().flat_map(|queue| &queue.chunks).map(held).sum();
        assert!(held <= 4 * CHUNK_BYTES, "{held} bytes are held");
    }

    #[test]
    fn an_emptied_outbox_holds_no_memory_and_hands_its_own_on() {
        let mut outbox = Outbox::default();
        let mut spares = Spares::default();
        outbox.append(&mut spares, |bytes| bytes.push(7));
        outbox.write_to(&mut spares, |_| Ok(1)).expect("the sink does not fail");
        assert!(outbox.queue.is_none());
        let mut other = Outbox::default();
        other.append(&mut spares, |bytes| {
            assert!(bytes.capacity() > 0, "it is the buffer of the first");
            bytes.push(8);
        });
        assert_eq!(drain(&mut other, 10), [8]);
    }

    #[test]
    fn spares_are_bounded_in_number_and_in_size() {
        let mut spares = Spares::default();
        let mut outboxes: Vec<_> = (0..KEEP_QUEUES + 10).map(|_| Outbox::default()).collect();
        for outbox in &mut outboxes {
            outbox.append(&mut spares, |bytes| bytes.resize(KEEP_BYTES + 1, 7));
        }
        for outbox in &mut outboxes {
            outbox.write_to(&mut spares, |_| Ok(KEEP_BYTES + 1)).expect("the sink does not fail");
        }
        assert_eq!(spares.queues.len(), KEEP_QUEUES);
        assert!(spares.queues.iter().all(|queue| queue.buffer.capacity() == 0));
    }

    #[test]
    fn all_but_the_rest_of_a_begun_frame_can_be_dropped() {
        use crate::protocol::write_message;
        let texts = ["short".to_owned(), "x".repeat(200), "last".to_owned()];
        for written in 0..=(7 + 204 + 6) {
            let (mut outbox, mut spares, mut all) = (Outbox::default(), Spares::default(), Vec::new());
            for text in &texts {
                outbox.append(&mut spares, |bytes| write_message(bytes, true, text.as_bytes()));
                write_message(&mut all, true, text.as_bytes());
            }
            outbox.append_shared(&mut spares, Bytes::from_static(b"\x81\x01x"));
            outbox.append(&mut spares, |bytes| bytes.push(7));
            let before = outbox.len();
            let mut sent = Vec::new();
            let mut left = written;
            let wrote = outbox.write_to(&mut spares, |slices| {
                let part = &slices[0][..left];
                sent.extend_from_slice(part);
                left = 0;
                Ok(part.len())
            });
            assert_eq!(wrote.ok(), Some((written, true)));
            if written == all.len() {
                assert_eq!(outbox.keep_begun(), None, "a shared frame is next, perhaps written in part");
                continue;
            }
            let dropped = outbox.keep_begun().expect("nothing shared is first");
            let end = [0, 7, 211, 217].into_iter().find(|end| *end >= written).expect("it is less than all");
            assert_eq!((outbox.len(), dropped), (end - written, before - end), "{written} written");
            outbox.append(&mut spares, |bytes| bytes.push(9));
            assert_eq!([sent, drain(&mut outbox, 1000)].concat(), [&all[..end], &[9]].concat());
        }
    }

    #[test]
    fn a_shared_frame_has_one_address_however_much_of_it_is_written() {
        let (mut one, mut other, mut spares) = (Outbox::default(), Outbox::default(), Spares::default());
        let frame = Bytes::from(vec![7; 2000]);
        one.append_shared(&mut spares, frame.clone());
        other.append_shared(&mut spares, frame);
        one.write_to(&mut spares, |_| Ok(500)).expect("the sink does not fail");
        let mut found = Vec::new();
        for outbox in [&one, &other] {
            outbox.count(|_| unreachable!("nothing is copied"), |address, bytes| found.push((address, bytes)));
        }
        assert_eq!(found, [(found[1].0, 1500), (found[1].0, 2000)]);
    }
}
