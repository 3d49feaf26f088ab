//! The ring, and the requests to the kernel through it.

use std::io::{self, ErrorKind};
use std::os::fd::RawFd;

use io_uring::types::{Fd, Fixed};
use io_uring::{IoUring, cqueue, opcode, squeue};

use crate::pool::{GROUP, Pool};

/// The subject of a completion. Packed with a number, it is the user data that the kernel hands back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A connection has come.
    Accept,
    /// Bytes have arrived on a connection.
    Receive(u32),
    /// A send that should have succeeded at once failed: its index among the sends of the turn.
    Send(u32),
    /// The rest of such a send on a connection is done.
    Rest(u32),
    /// A completion to ignore.
    Other,
}

impl About {
    fn pack(self) -> u64 {
        let (kind, number) = match self {
            Self::Accept => (0, 0),
            Self::Receive(slot) => (1, slot),
            Self::Send(at) => (2, at),
            Self::Rest(slot) => (3, slot),
            Self::Other => (4, 0),
        };
        kind << 32 | u64::from(number)
    }

    /// The subject of a completion.
    pub(crate) fn of(completion: &cqueue::Entry) -> Self {
        let data = completion.user_data();
        match (data >> 32, data as u32) {
            (0, _) => Self::Accept,
            (1, slot) => Self::Receive(slot),
            (2, at) => Self::Send(at),
            (3, slot) => Self::Rest(slot),
            _ => Self::Other,
        }
    }
}

/// A ring whose connections are slots in its own table of files, which avoids the look-up of a descriptor.
pub(crate) struct Ring {
    ring: IoUring,
    pub(crate) pool: Pool,
}

impl Ring {
    const ENTRIES: u32 = 4096;
    const COMPLETIONS: u32 = 32 * 1024;
    /// The most connections, if the limit on open files allows them. Otherwise the common limit.
    const SLOTS: [u32; 2] = [16_000, 1000];

    pub(crate) fn new() -> io::Result<Self> {
        let mut builder = IoUring::builder();
        builder.setup_single_issuer().setup_defer_taskrun().setup_coop_taskrun().setup_submit_all();
        let ring = builder.setup_cqsize(Self::COMPLETIONS).build(Self::ENTRIES)?;
        let submitter = ring.submitter();
        submitter.register_files_sparse(Self::SLOTS[0]).or_else(|_| submitter.register_files_sparse(Self::SLOTS[1]))?;
        let pool = Pool::new(&submitter)?;
        Ok(Self { ring, pool })
    }

    /// Submits all requests, waits for a completion if it `waits`, and takes all completions.
    pub(crate) fn turn(&mut self, waits: bool, completions: &mut Vec<cqueue::Entry>) -> io::Result<()> {
        match self.ring.submit_and_wait(usize::from(waits)) {
            // It was waiting, so all requests had been submitted.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            waited => drop(waited?),
        }
        completions.extend(self.ring.completion());
        Ok(())
    }

    /// Accepts all connections from now on.
    pub(crate) fn accept(&mut self, listener: RawFd) -> io::Result<()> {
        let accept = opcode::AcceptMulti::new(Fd(listener)).allocate_file_index(true).build();
        // SAFETY: the entry points to no memory of ours.
        unsafe { self.push(accept, About::Accept) }
    }

    /// Receives all bytes of a connection from now on.
    pub(crate) fn receive(&mut self, slot: u32) -> io::Result<()> {
        // SAFETY: the entry points to the pool, which is never freed.
        unsafe { self.push(opcode::RecvMulti::new(Fixed(slot), GROUP).build(), About::Receive(slot)) }
    }

    /// Cancels the receiving of a connection.
    pub(crate) fn stop_receiving(&mut self, slot: u32) -> io::Result<()> {
        let cancel = opcode::AsyncCancel::new(About::Receive(slot).pack()).build();
        // SAFETY: the entry points to no memory of ours.
        unsafe { self.push(cancel.flags(squeue::Flags::SKIP_SUCCESS), About::Other) }
    }

    /// Closes a connection.
    pub(crate) fn close(&mut self, slot: u32) -> io::Result<()> {
        let close = opcode::Close::new(Fixed(slot)).build().flags(squeue::Flags::SKIP_SUCCESS);
        // SAFETY: the entry points to no memory of ours.
        unsafe { self.push(close, About::Other) }
    }

    /// Sends without waiting for room in the socket. The send is over, and the memory free again, after the next turn. Only a
    /// failed or short send has a completion.
    ///
    /// # Safety
    ///
    /// The bytes must not move until the next turn is over.
    pub(crate) unsafe fn send(&mut self, slot: u32, bytes: *const [u8], at: u32) -> io::Result<()> {
        let send = opcode::Send::new(Fixed(slot), bytes.cast(), bytes.len() as u32).flags(libc::MSG_DONTWAIT | libc::MSG_WAITALL);
        // SAFETY: the caller promises it.
        unsafe { self.push(send.build().flags(squeue::Flags::SKIP_SUCCESS), About::Send(at)) }
    }

    /// Sends, and waits for room as long as it takes.
    ///
    /// # Safety
    ///
    /// The bytes must not move until its completion.
    pub(crate) unsafe fn send_patiently(&mut self, slot: u32, bytes: *const [u8]) -> io::Result<()> {
        let send = opcode::Send::new(Fixed(slot), bytes.cast(), bytes.len() as u32).flags(libc::MSG_WAITALL).build();
        // SAFETY: the caller promises it.
        unsafe { self.push(send, About::Rest(slot)) }
    }

    /// # Safety
    ///
    /// The memory that the entry points to must exist until the kernel is done with it.
    unsafe fn push(&mut self, entry: squeue::Entry, about: About) -> io::Result<()> {
        let entry = entry.user_data(about.pack());
        // SAFETY: the caller promises it.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            self.ring.submit()?;
        }
        Ok(())
    }
}
