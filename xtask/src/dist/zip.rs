//! Zip archives, in the form that wheels have: deflated, and below 4 GiB.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::calendar::Moment;
use super::release::File;

/// The version of the format in which files can be deflated, made by Unix, whose modes the archive has.
const VERSION: u16 = 20;
const UNIX: u16 = 3 << 8;
const DEFLATED: u16 = 8;
/// The bit of a mode for a regular file.
const REGULAR: u32 = 0o100_000;

/// An archive of these files in their order, all of one time.
pub(super) fn zip(files: &[File], time: u64) -> anyhow::Result<Vec<u8>> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let at = u32::try_from(archive.len())?;
        let compressed = deflated(&file.content)?;
        let shared = shared_fields(file, compressed.len(), time)?;
        archive.extend(b"PK\x03\x04");
        archive.extend(VERSION.to_le_bytes());
        archive.extend(&shared);
        archive.extend(file.path.bytes());
        archive.extend(compressed);
        directory.extend(b"PK\x01\x02");
        directory.extend((UNIX | VERSION).to_le_bytes());
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&shared);
        // No comment, the first disk, no attributes of the content. Unix's mode is the upper half of the system's attributes.
        directory.extend([0; 6]);
        directory.extend(((REGULAR | file.mode) << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(file.path.bytes());
    }
    let (start, count) = (u32::try_from(archive.len())?, u16::try_from(files.len())?);
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].map(u16::to_le_bytes).concat());
    archive.extend(u32::try_from(directory.len())?.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    Ok(archive)
}

/// The fields that stand both before a file and in the directory, from the flags to the length of the extra field.
fn shared_fields(file: &File, compressed: usize, time: u64) -> anyhow::Result<Vec<u8>> {
    let mut crc = Crc::new();
    crc.update(&file.content);
    let (clock, date) = dos(time)?;
    let mut fields = [0, DEFLATED, clock, date].map(u16::to_le_bytes).concat();
    let sizes = [crc.sum(), u32::try_from(compressed)?, u32::try_from(file.content.len())?];
    fields.extend(sizes.map(u32::to_le_bytes).concat());
    fields.extend([u16::try_from(file.path.len())?, 0].map(u16::to_le_bytes).concat());
    Ok(fields)
}

/// The time and the date of DOS, which begins in 1980 and counts every other second.
fn dos(time: u64) -> anyhow::Result<(u16, u16)> {
    let Moment { year, month, day, hour, minute, second, .. } = Moment::of(time);
    let clock = (hour << 11) | (minute << 5) | (second / 2);
    let date = ((year - 1980) << 9) | (month << 5) | day;
    Ok((clock.try_into()?, date.try_into()?))
}

fn deflated(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_dos_has_every_other_second() {
        // 1980-01-01 00:00:03 and 2026-11-27 10:00:00.
        assert_eq!(dos(315_532_803).expect("the year is in the range"), (1, 0x21));
        assert_eq!(dos(1_795_773_600).expect("the year is in the range"), (10 << 11, (46 << 9) | (11 << 5) | 27));
    }

    #[test]
    fn the_directory_names_each_file_with_its_place() {
        let files = [File::new("a", "1"), File::program("b", "22")];
        let archive = zip(&files, 315_532_800).expect("an archive is made");
        let second = archive.windows(4).rposition(|part| part == b"PK\x03\x04").expect("the second file is there");
        let entry = archive.windows(4).rposition(|part| part == b"PK\x01\x02").expect("its entry is there");
        assert_eq!(archive[entry + 42..entry + 46], u32::try_from(second).expect("the archive is small").to_le_bytes());
        assert_eq!(archive[entry + 40..entry + 42], 0o100_755_u16.to_le_bytes());
        assert_eq!(archive[entry + 46], b'b');
    }
}
