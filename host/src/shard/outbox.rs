//! The bytes that wait to be written to one client.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};

/// Slices in one vectored write. Linux takes 1,024; 64 carry a megabyte of the largest broadcast frames or, of small
/// frames, which share a slice, as many as there are.
const SLICES: usize = 64;
/// An emptied buffer of up to this size is kept for the next frame of the turn; a larger one goes back to the allocator.
const KEEP_BYTES: usize = 4096;
/// A buffer that has had this much takes no further frame: what is written of it is given back only with the whole, and a
/// client that always leaves something unread would have it grow for as long as it is connected.
const CHUNK_BYTES: usize = 64 << 10;

/// Frames in their order: small ones copied together into one buffer, large ones shared by reference.
///
/// Empty, it holds no memory.
#[derive(Debug, Default)]
pub struct Outbox {
    chunks: VecDeque<Chunk>,
    len: usize,
}

#[derive(Debug)]
enum Chunk {
    /// Copied frames, and how many bytes of them are written.
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

impl Outbox {
    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Lets a writer append frames. `spare` is an empty buffer to use if none is open.
    pub fn append(&mut self, spare: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        if !matches!(self.chunks.back(), Some(Chunk::Own(bytes, _)) if bytes.len() < CHUNK_BYTES) {
            self.chunks.push_back(Chunk::Own(std::mem::take(spare), 0));
        }
        if let Some(Chunk::Own(bytes, _)) = self.chunks.back_mut() {
            let before = bytes.len();
            write(bytes);
            self.len += bytes.len() - before;
        }
    }

    /// Appends a shared frame: a reference count, no copy.
    pub fn append_shared(&mut self, frame: Bytes) {
        self.len += frame.len();
        self.chunks.push_back(Chunk::Shared(frame));
    }

    /// Writes as much as `write` takes. Answers how many bytes that was, and whether it would block.
    /// A buffer that has become free goes into `spare`.
    pub fn write_to(
        &mut self,
        spare: &mut Vec<u8>,
        mut write: impl FnMut(&mut [IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<(usize, bool)> {
        let before = self.len;
        while self.len > 0 {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut count = 0;
            let mut offered = 0;
            for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
                *slice = IoSlice::new(chunk.rest());
                offered += chunk.rest().len();
                count += 1;
            }
            match write(&mut slices[..count]) {
                Ok(written) => {
                    self.advance(written, spare);
                    // The kernel took less than it was offered: it has no room, and asking again would only say so.
                    if written < offered {
                        return Ok((before - self.len, true));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok((before - self.len, true)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.chunks = VecDeque::new();
        Ok((before, false))
    }

    /// Drops everything, and answers how many bytes that was.
    pub fn clear(&mut self) -> usize {
        self.chunks = VecDeque::new();
        std::mem::take(&mut self.len)
    }

    fn advance(&mut self, mut written: usize, spare: &mut Vec<u8>) {
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
                && spare.capacity() == 0
                && bytes.capacity() <= KEEP_BYTES
            {
                bytes.clear();
                *spare = bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes through `write_to` into a sink that takes `limit` bytes at a time.
    fn drain(outbox: &mut Outbox, limit: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut spare = Vec::new();
        while !outbox.is_empty() {
            outbox
                .write_to(&mut spare, |slices| {
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
            let mut spare = Vec::new();
            outbox.append(&mut spare, |bytes| bytes.extend_from_slice(b"one "));
            outbox.append(&mut spare, |bytes| bytes.extend_from_slice(b"two "));
            outbox.append_shared(Bytes::from_static(b"three "));
            outbox.append(&mut spare, |bytes| bytes.extend_from_slice(b"four"));
            assert_eq!(outbox.len(), 18);
            assert_eq!(drain(&mut outbox, limit), b"one two three four");
        }
    }

    #[test]
    fn small_frames_of_one_turn_share_a_slice() {
        let mut outbox = Outbox::default();
        let mut spare = Vec::new();
        for _ in 0..100 {
            outbox.append(&mut spare, |bytes| bytes.push(7));
        }
        let mut calls = 0;
        let wrote = outbox.write_to(&mut spare, |slices| {
            calls += 1;
            Ok(slices.iter().map(|slice| slice.len()).sum())
        });
        assert_eq!((wrote.ok(), calls), (Some((100, false)), 1));
    }

    #[test]
    fn a_write_that_is_cut_short_says_that_it_would_block_without_asking_again() {
        let mut outbox = Outbox::default();
        outbox.append_shared(Bytes::from_static(b"0123456789"));
        let mut calls = 0;
        let wrote = outbox.write_to(&mut Vec::new(), |_| {
            calls += 1;
            Ok(4)
        });
        assert_eq!((wrote.ok(), calls, outbox.len()), (Some((4, true)), 1, 6));
    }

    #[test]
    fn an_outbox_that_is_never_empty_holds_what_waits_and_not_what_is_written() {
        let mut outbox = Outbox::default();
        let mut spare = Vec::new();
        outbox.append(&mut spare, |bytes| bytes.extend_from_slice(&[7; 100]));
        for _ in 0..10_000 {
            outbox.append(&mut spare, |bytes| bytes.extend_from_slice(&[7; 1000]));
            outbox.write_to(&mut spare, |_| Ok(1000)).expect("the sink does not fail");
            assert_eq!(outbox.len(), 100);
        }
        let held = |chunk: &Chunk| match chunk {
            Chunk::Own(bytes, _) => bytes.capacity(),
            Chunk::Shared(bytes) => bytes.len(),
        };
        let held: usize = outbox.chunks.iter().map(held).sum();
        assert!(held <= 4 * CHUNK_BYTES, "{held} bytes are held");
    }

    #[test]
    fn an_emptied_outbox_holds_no_memory_and_lends_its_small_buffer_on() {
        let mut outbox = Outbox::default();
        let mut spare = Vec::new();
        outbox.append(&mut spare, |bytes| bytes.push(7));
        drain(&mut outbox, 10);
        assert_eq!(outbox.chunks.capacity(), 0);
        outbox.append(&mut spare, |bytes| bytes.push(7));
        outbox.write_to(&mut spare, |_| Ok(1)).expect("the sink does not fail");
        assert!(spare.capacity() > 0);
    }
}
