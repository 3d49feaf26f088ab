//! The ring, and what is asked of the kernel through it.

use std::io::{self, ErrorKind};
use std::os::fd::RawFd;

use io_uring::types::{Fd, Fixed};
use io_uring::{IoUring, cqueue, opcode, squeue};

use crate::pool::{GROUP, Pool};

/// What a completion is about. With a number, it is what the kernel hands back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A connection has come.
    Accept,
    /// Something came on a connection.
    Receive(u32),
    /// A send that was to succeed at once did not: its place among those of the turn.
    Send(u32),
    /// The rest of such a send is through, on a connection.
    Rest(u32),
    /// Something that is of no interest.
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

    /// What a completion is about.
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

/// A ring whose connections are slots in its own table of files, which saves the look-up of a descriptor.
pub(crate) struct Ring {
    ring: IoUring,
    pub(crate) pool: Pool,
}

impl Ring {
    const ENTRIES: u32 = 4096;
    const COMPLETIONS: u32 = 32 * 1024;
    /// How many connections there may be, if the limit on open files allows; else as many as it mostly does.
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

    /// Hands over what was asked for, waits until something has happened if it `waits`, and takes all that has.
    pub(crate) fn turn(&mut self, waits: bool, completions: &mut Vec<cqueue::Entry>) -> io::Result<()> {
        match self.ring.submit_and_wait(usize::from(waits)) {
            // It was waiting, so all had been handed over.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            waited => drop(waited?),
        }
        completions.extend(self.ring.completion());
        Ok(())
    }

    /// Asks for every connection that comes.
    pub(crate) fn accept(&mut self, listener: RawFd) -> io::Result<()> {
        let accept = opcode::AcceptMulti::new(Fd(listener)).allocate_file_index(true).build();
        // SAFETY: it has no memory of ours.
        unsafe { self.push(accept, About::Accept) }
    }

    /// Asks for everything that comes on a connection.
    pub(crate) fn receive(&mut self, slot: u32) -> io::Result<()> {
        // SAFETY: its memory is the pool, which is never freed.
        unsafe { self.push(opcode::RecvMulti::new(Fixed(slot), GROUP).build(), About::Receive(slot)) }
    }

    /// Asks for nothing more from a connection.
    pub(crate) fn stop_receiving(&mut self, slot: u32) -> io::Result<()> {
        let cancel = opcode::AsyncCancel::new(About::Receive(slot).pack()).build();
        // SAFETY: it has no memory of ours.
        unsafe { self.push(cancel.flags(squeue::Flags::SKIP_SUCCESS), About::Other) }
    }

    /// Asks for a connection's end.
    pub(crate) fn close(&mut self, slot: u32) -> io::Result<()> {
        let close = opcode::Close::new(Fixed(slot)).build().flags(squeue::Flags::SKIP_SUCCESS);
        // SAFETY: it has no memory of ours.
        unsafe { self.push(close, About::Other) }
    }

    /// Asks for a send that does not wait for room. It is over, and the memory free again, when the next turn has been taken; that it failed
    /// or fell short, and this alone, is told by a completion.
    ///
    /// # Safety
    ///
    /// The bytes have to stay where they are until the next turn has been taken.
    pub(crate) unsafe fn send(&mut self, slot: u32, bytes: *const [u8], at: u32) -> io::Result<()> {
        let send = opcode::Send::new(Fixed(slot), bytes.cast(), bytes.len() as u32).flags(libc::MSG_DONTWAIT | libc::MSG_WAITALL);
        // SAFETY: as the caller promises.
        unsafe { self.push(send.build().flags(squeue::Flags::SKIP_SUCCESS), About::Send(at)) }
    }

    /// Asks for a send that waits for room as long as it takes.
    ///
    /// # Safety
    ///
    /// The bytes have to stay where they are until its completion.
    pub(crate) unsafe fn send_patiently(&mut self, slot: u32, bytes: *const [u8]) -> io::Result<()> {
        let send = opcode::Send::new(Fixed(slot), bytes.cast(), bytes.len() as u32).flags(libc::MSG_WAITALL).build();
        // SAFETY: as the caller promises.
        unsafe { self.push(send, About::Rest(slot)) }
    }

    /// # Safety
    ///
    /// The memory that the entry points to has to be there until the kernel is done with it.
    unsafe fn push(&mut self, entry: squeue::Entry, about: About) -> io::Result<()> {
        let entry = entry.user_data(about.pack());
        // SAFETY: as the caller promises.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            self.ring.submit()?;
        }
        Ok(())
    }
}
