//! Runs each target over its corpus and over inputs made from it, the same ones each time. cargo-fuzz finds more errors. This
//! test keeps found errors from coming back, and runs on stable Rust.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use ws_host_fuzz::script::Numbers;
use ws_host_fuzz::targets::{ALL, Target};

/// The number of inputs made for each target, unless `FUZZ_INPUTS` sets it.
const INPUTS: usize = 3_000;

/// The inputs in a target's folder, by name.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.expect("the folder can be read").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("the input can be read")).collect()
}

fn run(name: &str, target: Target, input: &[u8]) {
    let outcome = catch_unwind(|| target(input));
    assert!(outcome.is_ok(), "{name} fails for {input:02x?}, which is {:?}", String::from_utf8_lossy(input));
}

fn fuzz(name: &str) {
    let (_, target) = ALL.into_iter().find(|(target, _)| *target == name).expect("the target exists");
    let corpus = corpus(name);
    assert!(!corpus.is_empty());
    corpus.iter().for_each(|input| run(name, target, input));
    let inputs = std::env::var("FUZZ_INPUTS").map_or(INPUTS, |inputs| inputs.parse().expect("FUZZ_INPUTS is a number"));
    for seed in 0..inputs {
        run(name, target, &made(&corpus, &mut Numbers::new(seed as u64)));
    }
}

/// A changed copy of an input of the corpus.
fn made(corpus: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut input = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(5) {
        let at = numbers.below(input.len() + 1);
        let end = at + numbers.below(input.len() - at + 1);
        match numbers.below(8) {
            0 if at < input.len() => input[at] ^= 1 << numbers.below(8),
            1 if at < input.len() => input[at] = numbers.below(256) as u8,
            2 => input.insert(at, numbers.below(256) as u8),
            3 if at < input.len() => drop(input.remove(at)),
            4 => drop(input.drain(at..end)),
            5 => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            6 => {
                let other = &corpus[numbers.below(corpus.len())];
                let from = numbers.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => input.truncate(end),
        }
        input.truncate(4096);
    }
    input
}

#[test]
fn frame_stream_keeps_its_promises() {
    fuzz("frame_stream");
}

#[test]
fn session_machine_keeps_its_promises() {
    fuzz("session_machine");
}

#[test]
fn upgrade_request_keeps_its_promises() {
    fuzz("upgrade_request");
}

#[test]
fn deflate_stream_keeps_its_promises() {
    fuzz("deflate_stream");
}

#[test]
fn extension_negotiation_keeps_its_promises() {
    fuzz("extension_negotiation");
}

#[test]
fn every_target_has_a_corpus() {
    ALL.iter().for_each(|(name, _)| assert!(!corpus(name).is_empty(), "{name}"));
}
