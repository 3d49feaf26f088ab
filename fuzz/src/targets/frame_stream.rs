//! Arbitrary bytes of a client.

use crate::oracle;
use crate::protocol::Session;
use crate::reads::receive;
use crate::script::Script;

/// Two limits that short inputs sometimes exceed, and one that they never do. Below 125, tungstenite refuses control frames.
const LIMITS: [usize; 3] = [150, 125, 4096];

/// The first byte of an input chooses a limit, and the second how the rest is cut into reads. The rest are the client's bytes.
///
/// # Panics
/// If the session's outcome depends on the reads, exceeds its limit, or differs from tungstenite's.
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
