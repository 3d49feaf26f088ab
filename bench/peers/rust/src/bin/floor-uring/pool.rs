//! The buffers that the kernel fills with received bytes.

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::Submitter;
use io_uring::types::BufRingEntry;

/// The one group of buffers.
pub(crate) const GROUP: u16 = 0;
/// Their number: a power of two.
const COUNT: u16 = 2;
/// The bytes of each. They are few, so that received bytes stay in the processor's cache until they are sent: with 8 MiB of
/// buffers an echo of 64 KiB costs a third more.
const SIZE: usize = 1024 * 1024;
/// Has the kernel append to a buffer as long as it has room, rather than take the next one (`IOU_PBUF_RING_INC`).
const FILL: u16 = 2;
const PAGE: usize = 4096;

/// Buffers that the kernel fills piece by piece until they are full, and again after they are given back. They live as long as
/// the process.
pub(crate) struct Pool {
    entries: *mut BufRingEntry,
    memory: *mut u8,
    tail: u16,
    /// The filled bytes of each.
    filled: [usize; COUNT as usize],
    /// The full ones.
    full: Vec<u16>,
}

impl Pool {
    /// Registers the buffers with a ring. The kernel then owns all of them.
    pub(crate) fn new(submitter: &Submitter<'_>) -> io::Result<Self> {
        let entries = zeroed(usize::from(COUNT) * size_of::<BufRingEntry>()).cast::<BufRingEntry>();
        let memory = zeroed(usize::from(COUNT) * SIZE);
        // SAFETY: the entries are page-aligned, zeroed, `COUNT` of them, and never freed.
        unsafe { submitter.register_buf_ring_with_flags(entries as u64, COUNT, GROUP, FILL)? };
        let mut pool = Self { entries, memory, tail: 0, filled: [0; COUNT as usize], full: Vec::new() };
        (0..COUNT).for_each(|id| pool.give_back(id));
        pool.publish();
        Ok(pool)
    }

    /// The bytes that the kernel just wrote into a buffer, which may now be full. They stay there until `reuse`.
    pub(crate) fn came(&mut self, id: u16, length: usize, is_full: bool) -> &mut [u8] {
        let start = self.filled[usize::from(id)];
        assert!(length <= SIZE - start, "the kernel fills buffers in order");
        self.filled[usize::from(id)] = start + length;
        if is_full {
            self.full.push(id);
        }
        // SAFETY: the bytes lie within the memory and are initialized. The kernel has reported them in a completion and does not own
        // them. Only `reuse` gives the buffer back, and it cannot run while this slice borrows the pool.
        unsafe { std::slice::from_raw_parts_mut(self.memory.add(usize::from(id) * SIZE + start), length) }
    }

    /// Gives the full buffers back to the kernel after their bytes are handled.
    pub(crate) fn reuse(&mut self) {
        while let Some(id) = self.full.pop() {
            self.give_back(id);
        }
        self.publish();
    }

    fn give_back(&mut self, id: u16) {
        // SAFETY: the index is below `COUNT`. The kernel reads only entries before the published tail, and this one is behind it,
        // since there are no more buffers than entries. The fields are set one by one, since the first entry's last two bytes are
        // the tail.
        let entry = unsafe { &mut *self.entries.add(usize::from(self.tail % COUNT)) };
        entry.set_addr(self.memory as u64 + (usize::from(id) * SIZE) as u64);
        entry.set_len(SIZE as u32);
        entry.set_bid(id);
        self.filled[usize::from(id)] = 0;
        self.tail = self.tail.wrapping_add(1);
    }

    /// Publishes the returned buffers to the kernel.
    fn publish(&mut self) {
        // SAFETY: this is the address of the first entry, which lives as long as the process.
        let tail = unsafe { BufRingEntry::tail(self.entries) };
        // SAFETY: the tail is aligned, the kernel only reads it, and this thread alone writes it.
        unsafe { AtomicU16::from_ptr(tail.cast_mut()) }.store(self.tail, Ordering::Release);
    }
}

/// Memory that begins with a page and is never freed.
fn zeroed(size: usize) -> *mut u8 {
    let layout = Layout::from_size_align(size, PAGE).expect("the sizes are small constants");
    // SAFETY: the size is not zero.
    let memory = unsafe { alloc_zeroed(layout) };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    memory
}
