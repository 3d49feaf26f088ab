//! Arbitrary bytes from a client.

use crate::oracle;
use crate::protocol::Session;
use crate::reads::receive;
use crate::script::Script;

/// Two that short inputs exceed now and then, and one that they do not. Below 125, control frames are too big for tungstenite.
const LIMITS: [usize; 3] = [150, 125, 4096];

/// An input is a byte that chooses a limit, one that chooses how the rest is cut into reads, and what the client sends.
///
/// # Panics
/// The session says something else when the reads are cut otherwise, exceeds its limit, or does not agree with tungstenite.
pub fn frame_stream(data: &[u8]) {
    let mut script = Script::new(data);
    let limit = LIMITS[usize::from(script.byte()) % LIMITS.len()];
    let seed = script.byte();
    let new = || Session::new(limit);
    let stream = script.rest();
    receive(new, stream, limit, seed);
    let completed = oracle::completed(stream, limit);
    let outcome = receive(new, &completed, limit, seed);
    oracle::agrees(&completed, limit, outcome);
}
