//! Items survive their encoding, and other bytes are refused.

use super::*;
use crate::cluster::state::error::StateError;
use crate::cluster::state::{decode_writes, encode_writes};

fn try_read(item: Bytes) -> Result<RoomState, StateError> {
    RoomState::from_data(ROOM.into(), [item], Start::Handover)
}

#[test]
fn the_writes_of_a_turn_survive_their_encoding() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..2000 {
        let writes = writes(&mut rng);
        assert_eq!(decode_writes(encode_writes(&writes)), Ok(writes));
    }
    assert_eq!(decode_writes(encode_writes(&[])), Ok(Vec::new()));
}

#[test]
fn a_whole_state_survives_its_encoding_and_is_at_most_as_long_as_estimated() {
    let mut rng = Rng::with_seed(2);
    for _ in 0..200 {
        let mut state = state();
        for _ in 0..rng.usize(0..40) {
            state.apply(&write(&mut rng));
        }
        let whole = state.encode();
        assert!(whole.len() as u64 <= state.whole_bytes() && state.whole_bytes() < whole.len() as u64 + 1500);
        let read = read(whole.clone());
        assert_eq!(read.encode(), whole);
        assert_eq!((read.usage(), read.kept_bytes(), read.is_clean), (state.usage(), state.kept_bytes(), state.is_clean));
    }
}

#[test]
fn a_whole_state_replaces_the_items_before_it() {
    let turn = |key: &str| encode_writes(&[set(key, "")]);
    let mut whole = state();
    whole.apply(&set("whole", ""));
    let data = [turn("before"), whole.encode(), turn("after")];
    let state = RoomState::from_data(ROOM.into(), data, Start::New).expect("it is well formed");
    let keys: Vec<_> = state.list("", None, 9).0.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["after".into(), "whole".into()]);
}

#[test]
fn the_bytes_of_the_first_format_stay_as_they_are() {
    let writes = [set("k", "v"), Write::DropEvent { from: OTHER.into(), id: 300 }, Write::Close { at_us: 1 }];
    assert_eq!(encode_writes(&writes), &b"\x01ts\x01k\x01vE\x02/b\xac\x02z\x01"[..]);
    let mut state = state();
    writes.iter().for_each(|write| state.apply(write));
    assert_eq!(state.encode(), &b"\x01w\0s\x01k\x01vE\x02/b\xac\x02z\0"[..]);
}

#[test]
fn a_later_format_is_refused_by_name() {
    let refused = try_read(Bytes::from_static(b"\x02t")).expect_err("nobody knows it");
    assert_eq!(refused, StateError::Later(2));
    assert!(refused.to_string().contains("format 2, and this one reads 1 at most. Update"), "{refused}");
}

#[test]
fn a_whole_state_is_no_turn() {
    assert_eq!(decode_writes(state().encode()), Err(StateError::Malformed));
}

#[test]
fn items_that_end_too_early_are_refused() {
    let item = encode_writes(&[Write::Save(snapshot("1", "saved", 5)), Write::SetEvent(event(4, OTHER))]);
    // The item of the first change alone is one too.
    let first = encode_writes(&[Write::Save(snapshot("1", "saved", 5))]).len();
    for length in (0..item.len()).filter(|length| ![2, first].contains(length)) {
        assert_eq!(try_read(item.slice(..length)).map(drop), Err(StateError::Malformed), "{length}");
    }
}

#[test]
fn a_text_that_is_no_utf_8_is_refused() {
    let item = encode_writes(&[Write::SetEvent(StoredEvent { payload: Bytes::from_static(b"\xff"), ..event(4, OTHER) })]);
    assert_eq!(try_read(item).map(drop), Err(StateError::Malformed));
}

#[test]
fn no_bytes_make_a_reader_panic() {
    let mut rng = Rng::with_seed(3);
    for _ in 0..20_000 {
        let mut item = match rng.u8(0..3) {
            0 => bytes(&mut rng).to_vec(),
            1 => encode_writes(&writes(&mut rng)).to_vec(),
            _ => {
                let mut state = state();
                writes(&mut rng).iter().for_each(|write| state.apply(write));
                state.encode().to_vec()
            }
        };
        for _ in 0..rng.usize(0..4).min(item.len()) {
            let at = rng.usize(0..item.len());
            item[at] = rng.u8(..);
        }
        let item = Bytes::from(item);
        let _ = decode_writes(item.clone());
        if let Ok(state) = try_read(item) {
            assert_eq!(read(state.encode()).encode(), state.encode());
        }
    }
}
