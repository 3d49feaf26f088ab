//! Reads files that somebody names: only regular ones, and only up to a size.

use std::fs::{FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// The largest component. One in Python has 18 MB.
pub const MAX_COMPONENT_BYTES: u64 = 256 << 20;
/// The largest file of settings, certificates or keys.
pub const MAX_TEXT_BYTES: u64 = 1 << 20;

/// Reads a whole file of at most this size. It waits neither for the writer of a pipe nor for the end of a device.
///
/// # Errors
/// The file cannot be read, is not a regular file, or is larger: `FileTooLarge`.
pub fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    // Looked at before it is opened too: for a device, that is an order already.
    check_type(path.metadata()?.file_type())?;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    check_type(metadata.file_type())?;
    if metadata.len() > max_bytes {
        return Err(too_large(max_bytes));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // A file can grow meanwhile, and those of /proc have no size.
    file.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes { Err(too_large(max_bytes)) } else { Ok(bytes) }
}

fn check_type(found: FileType) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    if found.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    let name = if found.is_fifo() {
        "a pipe"
    } else if found.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(io::Error::new(ErrorKind::InvalidInput, format!("it is {name}. Give a regular file")))
}

fn too_large(max_bytes: u64) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB, the most that is read", max_bytes >> 20))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType as Node, Mode, mknodat};

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_with_it() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("file");
        std::fs::write(&path, vec![7; 1 << 20]).expect("the folder takes a file");
        assert_eq!(read(&path, 1 << 20).expect("it fits").len(), 1 << 20);
        let error = read(&path, (1 << 20) - 1).expect_err("it is larger");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert_eq!(read(&folder.path().join("none"), 1).expect_err("the file is missing").kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_sparse_file_without_end_is_refused_before_it_is_read() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        file.as_file().set_len(1 << 40).expect("holes take no space");
        let error = read(file.path(), MAX_COMPONENT_BYTES).expect_err("it is larger");
        assert_eq!(error.to_string(), "it is larger than 256 MiB, the most that is read");
    }

    #[test]
    fn a_file_of_the_system_that_tells_no_size_is_read_up_to_the_bound() {
        let status = Path::new("/proc/self/status");
        assert_eq!(status.metadata().expect("it is there").len(), 0);
        assert!(read(status, MAX_TEXT_BYTES).expect("it is short").starts_with(b"Name:"));
        assert_eq!(read(status, 4).expect_err("it has more").kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_pipe_a_socket_and_a_device_are_refused_without_waiting() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
        mknodat(CWD, &pipe, Node::Fifo, Mode::RWXU, 0).expect("a pipe can be made");
        let _listener = UnixListener::bind(&socket).expect("a socket can be made");
        let refusal = |path: &Path| read(path, 1).expect_err("it is refused").to_string();
        assert_eq!(refusal(&pipe), "it is a pipe. Give a regular file");
        assert_eq!(refusal(&socket), "it is a socket. Give a regular file");
        assert_eq!(refusal(Path::new("/dev/zero")), "it is a device. Give a regular file");
        assert_eq!(read(folder.path(), 1).expect_err("it is refused").kind(), ErrorKind::IsADirectory);
    }
}
