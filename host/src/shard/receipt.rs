//! How much of the bytes sent to a client has reached its machine.

use std::net::TcpStream;
use std::time::Duration;

/// The state of the direction to one client, as TCP knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The bytes that the client's machine has acknowledged, modulo 2^32.
    pub acknowledged: u32,
    /// The bytes sent or about to be sent that it has not acknowledged. A packet on its way counts as a full one.
    pub outstanding: u32,
    /// The end of the window that its machine grants us, counted like `acknowledged`. The client moves it by reading.
    pub window_end: u32,
    /// Whether that window has no room for a packet.
    pub window_is_closed: bool,
    /// The time since its machine has acknowledged anything, be it a look whether the window is still closed.
    pub quiet: Duration,
}

impl Receipt {
    /// Asks the kernel. `None` where it cannot tell.
    #[cfg(target_os = "linux")]
    pub fn of(socket: &TcpStream) -> Option<Self> {
        if linux::tells_the_window() {
            let info = linux::ask(socket, linux::WholeInfo)?;
            return Some(Self::read(&info, linux::field(&info, linux::WINDOW)));
        }
        Some(Self::read(&linux::ask(socket, linux::Info)?, 0))
    }

    #[cfg(target_os = "linux")]
    fn read(info: &[u64], window: u32) -> Self {
        let [acknowledged, packet, on_the_way, unsent, quiet] =
            [linux::ACKNOWLEDGED, linux::PACKET, linux::ON_THE_WAY, linux::UNSENT, linux::QUIET]
                .map(|offset| linux::field(info, offset));
        Self {
            acknowledged,
            outstanding: on_the_way.saturating_mul(packet).saturating_add(unsent),
            window_end: acknowledged.wrapping_add(window),
            window_is_closed: window < packet,
            quiet: Duration::from_millis(quiet.into()),
        }
    }

    /// Asks the kernel. `None` where it cannot tell.
    #[cfg(not(target_os = "linux"))]
    pub fn of(_: &TcpStream) -> Option<Self> {
        None
    }
}

/// `TCP_INFO`, without `unsafe` code of our own: neither the standard library nor rustix nor socket2 has it.
#[cfg(target_os = "linux")]
mod linux {
    use std::net::TcpStream;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use nix::sys::socket::{GetSockOpt, getsockopt};
    use nix::{getsockopt_impl, libc, sockopt_impl};

    sockopt_impl!(
        /// `struct tcp_info` up to `tcpi_min_rtt`, of Linux 4.6.
        Info,
        GetOnly,
        libc::IPPROTO_TCP,
        libc::TCP_INFO,
        [u64; 19]
    );
    sockopt_impl!(
        /// The same up to `tcpi_snd_wnd`, of Linux 5.4.
        WholeInfo,
        GetOnly,
        libc::IPPROTO_TCP,
        libc::TCP_INFO,
        [u64; 29]
    );

    /// `tcpi_snd_mss`: the offset of this field and of the next ones in bytes.
    pub const PACKET: usize = 16;
    /// `tcpi_unacked`, in packets.
    pub const ON_THE_WAY: usize = 24;
    /// `tcpi_last_ack_recv`, in milliseconds.
    pub const QUIET: usize = 56;
    /// The lower half of `tcpi_bytes_acked`.
    pub const ACKNOWLEDGED: usize = if cfg!(target_endian = "little") { 120 } else { 124 };
    /// `tcpi_notsent_bytes`
    pub const UNSENT: usize = 144;
    /// `tcpi_snd_wnd`
    pub const WINDOW: usize = 228;

    /// Asks the kernel. `nix` panics if it answers with less, as an emulation of Linux may: it is not asked again.
    pub fn ask<O: GetSockOpt>(socket: &TcpStream, option: O) -> Option<O::Val> {
        static TELLS_LESS: AtomicBool = AtomicBool::new(false);
        if TELLS_LESS.load(Relaxed) {
            return None;
        }
        let answer = catch_unwind(AssertUnwindSafe(|| getsockopt(socket, option).ok()));
        answer.unwrap_or_else(|_| {
            TELLS_LESS.store(true, Relaxed);
            None
        })
    }

    /// The field at this offset.
    pub fn field(info: &[u64], offset: usize) -> u32 {
        let word = info[offset / 8].to_ne_bytes();
        u32::from_ne_bytes(std::array::from_fn(|n| word[offset % 8 + n]))
    }

    /// Whether this kernel fills in the whole structure.
    pub fn tells_the_window() -> bool {
        static TELLS: OnceLock<bool> = OnceLock::new();
        *TELLS.get_or_init(|| std::fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|release| is_from_5_4(&release)))
    }

    /// Whether a release such as `6.1.0-18-amd64` is 5.4 or later.
    pub fn is_from_5_4(release: &str) -> bool {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse::<u32>().ok());
        (numbers.next(), numbers.next()) >= (Some(5), Some(4))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// Asks until the receipt has what is asked for.
    fn until(socket: &TcpStream, holds: impl Fn(Receipt) -> bool) -> Receipt {
        loop {
            let receipt = Receipt::of(socket).expect("Linux can tell");
            if holds(receipt) {
                return receipt;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn bytes_are_acknowledged_when_the_other_side_has_room_for_them() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let mut reader = TcpStream::connect(listener.local_addr().expect("it listens")).expect("it accepts");
        let (mut writer, _) = listener.accept().expect("a client has connected");
        writer.set_nonblocking(true).expect("a socket can be");
        let first = Receipt::of(&writer).expect("Linux can tell");
        assert_eq!((first.acknowledged, first.outstanding), (0, 0));
        assert!(!linux::tells_the_window() || first.window_end > 1000, "{first:?}");
        writer.write_all(&[7; 1000]).expect("an empty buffer takes bytes");
        assert_eq!(until(&writer, |receipt| receipt.outstanding == 0).acknowledged, 1000);

        let mut sent = 1000;
        while let Ok(written) = writer.write(&[7; 64 << 10]) {
            sent += written;
        }
        let full = until(&writer, |receipt| receipt.outstanding > 0);
        assert!((full.acknowledged as usize) < sent, "{full:?} of {sent}");
        until(&writer, |receipt| receipt.window_is_closed);
        reader.read_exact(&mut vec![0; sent]).expect("all of it comes");
        let all = until(&writer, |receipt| receipt.outstanding == 0);
        assert_eq!(all.acknowledged as usize, sent);
        assert!(!linux::tells_the_window() || all.window_end > full.window_end, "reading moves the window: {full:?}, {all:?}");
    }

    #[test]
    fn the_window_is_told_from_linux_5_4_on() {
        let releases = ["4.4.0", "4.19.12-x", "5.3.18", "5.4.0-generic", "5.15.0", "6.1.0-18-amd64", "10.0", "strange", ""];
        assert_eq!(releases.map(linux::is_from_5_4), [false, false, false, true, true, true, true, false, false]);
    }
}
