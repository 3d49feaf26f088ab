//! The cost of one message between the frame and the socket: the call of the guest's `on-message`, its one `send`, and
//! the room's staging. Run `cargo build` for the example guests first, then
//! `cargo bench --workspace --features ws-host/bench --bench guest_call`.
//!
//! Timed by hand: rounds of both sizes alternate, and the medians count.

use std::path::Path;
use std::time::Instant;

use ws_host::app::Message;
use ws_host::bench_support::GuestRoom;

const ROUNDS: usize = 51;
const CALLS: usize = 20_000;
const SIZES: [usize; 2] = [32, 1024];

fn main() -> Result<(), ws_host::Error> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-examples/target/wasm32-wasip2/release");
    let mut room = GuestRoom::new(&guests.join("echo.wasm"))?;
    let messages = SIZES.map(|bytes| Message::text("x".repeat(bytes)));
    let mut nanoseconds = SIZES.map(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (message, times) in messages.iter().zip(&mut nanoseconds) {
            let begun = Instant::now();
            let sent = room.on_message(message, CALLS)?;
            times.push(begun.elapsed().as_nanos() as f64 / CALLS as f64);
            assert!(sent > CALLS * message.as_bytes().len(), "every message was echoed");
        }
    }
    for (bytes, mut times) in SIZES.into_iter().zip(nanoseconds) {
        times.sort_by(f64::total_cmp);
        println!("text of {bytes} B, echoed: median {:.0} ns, best {:.0} ns", times[ROUNDS / 2], times[0]);
    }
    Ok(())
}
