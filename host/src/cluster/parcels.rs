//! Messages between nodes, as messages of NATS carry them.
//!
//! A message of NATS has one or more small messages, or a fragment of a large one.

use std::collections::VecDeque;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

const VERSION: u8 = 1;
const PACKED: u8 = b'p';
const FRAGMENT: u8 = b'f';
/// The bytes in front of a fragment: version, kind, id, index, count.
const FRAGMENT_HEAD: usize = 2 + 8 + 4 + 4;
/// The largest message.
const MAX_MESSAGE: usize = 32 << 20;
/// Large messages whose fragments have not all come. The oldest ones give way.
const MAX_UNFINISHED: usize = 64;
/// The bytes of these.
const MAX_UNFINISHED_BYTES: usize = 64 << 20;

/// The bytes are no message of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Packs messages, in their order, into messages of NATS with this many bytes at most. `id` counts the large ones.
pub(super) fn pack(messages: impl IntoIterator<Item = Bytes>, most: usize, id: &mut u64) -> Vec<Bytes> {
    let (mut parcels, mut open) = (Vec::new(), BytesMut::new());
    for message in messages {
        if 2 + 4 + message.len() > most {
            close(&mut open, &mut parcels);
            *id = id.wrapping_add(1);
            fragments(&message, most, *id, &mut parcels);
            continue;
        }
        if open.len() + 4 + message.len() > most {
            close(&mut open, &mut parcels);
        }
        if open.is_empty() {
            open.put_slice(&[VERSION, PACKED]);
        }
        open.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
        open.put_slice(&message);
    }
    close(&mut open, &mut parcels);
    parcels
}

fn close(open: &mut BytesMut, parcels: &mut Vec<Bytes>) {
    if !open.is_empty() {
        parcels.push(open.split().freeze());
    }
}

fn fragments(message: &Bytes, most: usize, id: u64, parcels: &mut Vec<Bytes>) {
    let chunks = message.chunks(most.saturating_sub(FRAGMENT_HEAD).max(1));
    let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    for (index, chunk) in (0..count).zip(chunks) {
        let mut parcel = BytesMut::with_capacity(FRAGMENT_HEAD + chunk.len());
        parcel.put_slice(&[VERSION, FRAGMENT]);
        parcel.put_u64(id);
        parcel.put_u32(index);
        parcel.put_u32(count);
        parcel.put_slice(chunk);
        parcels.push(parcel.freeze());
    }
}

/// Puts large messages together. One that lacks a fragment is dropped.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    unfinished: VecDeque<Unfinished>,
    bytes: usize,
}

#[derive(Debug)]
struct Unfinished {
    id: u64,
    next: u32,
    bytes: BytesMut,
}

impl Assembly {
    /// Takes a message of NATS. Returns the messages that are complete now.
    pub(super) fn take(&mut self, mut parcel: Bytes) -> Result<Vec<Bytes>, Malformed> {
        if parcel.try_get_u8() != Ok(VERSION) {
            return Err(Malformed);
        }
        match parcel.try_get_u8() {
            Ok(PACKED) => unpack(parcel),
            Ok(FRAGMENT) => self.fragment(parcel),
            _ => Err(Malformed),
        }
    }

    fn fragment(&mut self, mut parcel: Bytes) -> Result<Vec<Bytes>, Malformed> {
        let id = parcel.try_get_u64().map_err(|_| Malformed)?;
        let index = parcel.try_get_u32().map_err(|_| Malformed)?;
        let count = parcel.try_get_u32().map_err(|_| Malformed)?;
        let found = self.unfinished.iter().position(|unfinished| unfinished.id == id);
        let mut unfinished = match found.and_then(|found| self.unfinished.remove(found)) {
            Some(unfinished) => unfinished,
            None if index == 0 => Unfinished { id, next: 0, bytes: BytesMut::new() },
            // Its beginning is lost.
            None => return Ok(Vec::new()),
        };
        self.bytes -= unfinished.bytes.len();
        if unfinished.next != index || unfinished.bytes.len() + parcel.len() > MAX_MESSAGE {
            return Ok(Vec::new());
        }
        unfinished.next += 1;
        unfinished.bytes.extend_from_slice(&parcel);
        if unfinished.next == count {
            return Ok(vec![unfinished.bytes.freeze()]);
        }
        self.bytes += unfinished.bytes.len();
        self.unfinished.push_back(unfinished);
        while self.unfinished.len() > MAX_UNFINISHED || (self.bytes > MAX_UNFINISHED_BYTES && self.unfinished.len() > 1) {
            self.bytes -= self.unfinished.pop_front().map_or(0, |oldest| oldest.bytes.len());
        }
        Ok(Vec::new())
    }
}

fn unpack(mut parcel: Bytes) -> Result<Vec<Bytes>, Malformed> {
    let mut messages = Vec::new();
    while !parcel.is_empty() {
        let length = parcel.try_get_u32().map_err(|_| Malformed)?;
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        if length > parcel.len() {
            return Err(Malformed);
        }
        messages.push(parcel.split_to(length));
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(byte: u8, length: usize) -> Bytes {
        vec![byte; length].into()
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        let messages =
            [message(1, 10), message(2, 0), message(3, 100), message(4, 1000), message(5, 93), message(6, 94), message(7, 95)];
        let parcels = pack(messages.clone(), 100, &mut 0);
        assert!(parcels.iter().all(|parcel| parcel.len() <= 100));
        let mut assembly = Assembly::default();
        let back: Vec<_> = parcels.into_iter().flat_map(|parcel| assembly.take(parcel).expect("it is one")).collect();
        assert_eq!(back, messages);
        assert_eq!(assembly.bytes, 0);
    }

    #[test]
    fn a_large_message_without_one_of_its_fragments_is_dropped() {
        let parcels = pack([message(1, 1000)], 100, &mut 7);
        for lost in 0..parcels.len() {
            let mut assembly = Assembly::default();
            let rest = parcels.iter().enumerate().filter(|(index, _)| *index != lost);
            let complete = rest.flat_map(|(_, parcel)| assembly.take(parcel.clone()).expect("it is one")).count();
            assert_eq!(complete, 0, "without {lost}");
        }
    }

    #[test]
    fn fragments_of_several_messages_may_be_mixed() {
        let (one, two) = (message(1, 1000), message(2, 1000));
        let mut id = 0;
        let parcels = [pack([one.clone()], 100, &mut id), pack([two.clone()], 100, &mut id)];
        let mut assembly = Assembly::default();
        let mixed = parcels[0].iter().zip(&parcels[1]).flat_map(|(one, two)| [one.clone(), two.clone()]);
        let back: Vec<_> = mixed.flat_map(|parcel| assembly.take(parcel).expect("it is one")).collect();
        assert_eq!(back, [one, two]);
    }

    #[test]
    fn unfinished_messages_are_bounded() {
        let (mut assembly, mut id) = (Assembly::default(), 0);
        for _ in 0..1000 {
            assembly.take(pack([message(1, 1000)], 100, &mut id).swap_remove(0)).expect("it is one");
        }
        assert_eq!(assembly.unfinished.len(), MAX_UNFINISHED);
        for _ in 0..20 {
            let parcels = pack([message(1, 8 << 20)], 1 << 20, &mut id);
            parcels.into_iter().take(7).for_each(|parcel| drop(assembly.take(parcel)));
        }
        assert!(assembly.bytes <= MAX_UNFINISHED_BYTES);
        assert_eq!(assembly.bytes, assembly.unfinished.iter().map(|unfinished| unfinished.bytes.len()).sum::<usize>());
    }

    #[test]
    fn bytes_that_are_no_parcels_are_refused() {
        let mut assembly = Assembly::default();
        for bytes in [&b""[..], b"\x01", b"\x02p", b"\x01x", b"\x01p\0\0\0\x05abc", b"\x01p\0", b"\x01f\0\0"] {
            assert_eq!(assembly.take(Bytes::copy_from_slice(bytes)), Err(Malformed), "{bytes:?}");
        }
    }
}
