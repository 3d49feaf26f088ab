//! The outbox against sinks that take as much as the test says.

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
fn messages_are_counted_until_they_are_taken_and_other_frames_are_not() {
    let (mut outbox, mut spares) = (Outbox::default(), Spares::default());
    assert_eq!(outbox.take_messages(), 0);
    outbox.append_message(&mut spares, |bytes| bytes.push(7));
    outbox.append(&mut spares, |bytes| bytes.push(7));
    outbox.append_shared(&mut spares, Bytes::from_static(b"shared"));
    assert_eq!((outbox.take_messages(), outbox.take_messages()), (2, 0));
    outbox.append_message(&mut spares, |bytes| bytes.push(7));
    drain(&mut outbox, 100);
    outbox.append(&mut spares, |bytes| bytes.push(7));
    assert_eq!(outbox.take_messages(), 0, "those of an outbox that was emptied do not count for the next");
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
