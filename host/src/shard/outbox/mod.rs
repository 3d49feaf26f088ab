//! The frames that wait to be written to one client.

#[cfg(test)]
mod tests;

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
/// The most empty queues that are kept: a look at the sockets finds up to this many ready. The lines of one flush get their memory without the
/// allocator. At most 5 MiB, after as many long queues.
const KEEP_QUEUES: usize = 1024;

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
    /// The messages appended since they were last taken.
    messages: u32,
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

    fn keep(&mut self, mut queue: Box<Queue>) {
        queue.messages = 0;
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

    /// Lets a writer append the frames of one message.
    pub fn append_message(&mut self, spares: &mut Spares, write: impl FnOnce(&mut Vec<u8>)) {
        self.append(spares, write);
        self.count_message();
    }

    /// Lets a writer append frames, which count as no message.
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

    /// Appends the shared frame of one message, without a copy.
    pub fn append_shared(&mut self, spares: &mut Spares, frame: Bytes) {
        let queue = self.queue.get_or_insert_with(|| spares.take());
        queue.len += frame.len();
        queue.chunks.push_back(Chunk::Shared(frame));
        self.count_message();
    }

    fn count_message(&mut self) {
        if let Some(queue) = &mut self.queue {
            queue.messages = queue.messages.saturating_add(1);
        }
    }

    /// Takes the number of messages appended since the last call.
    pub fn take_messages(&mut self) -> u32 {
        self.queue.as_mut().map_or(0, |queue| std::mem::take(&mut queue.messages))
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
