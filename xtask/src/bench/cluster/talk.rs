//! Conversations of clients with servers, and how long they take.

use std::thread;
use std::time::{Duration, Instant};

use super::talker::Talker;

/// Each client sends a message, waits for its answer, and sends the next, for this time. Returns the time of each answer in microseconds.
pub(super) fn echo(talkers: &mut [Talker], text: &str, time: Duration) -> anyhow::Result<Vec<f64>> {
    let begun = Instant::now();
    let alone = |talker: &mut Talker| {
        let mut times = Vec::new();
        while begun.elapsed() < time {
            let sent = Instant::now();
            talker.say(text)?;
            talker.hear()?;
            times.push(sent.elapsed().as_secs_f64() * 1e6);
        }
        anyhow::Ok(times)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = talkers.iter_mut().map(|talker| scope.spawn(|| alone(talker))).collect();
        let all: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("a client does not panic")).collect();
        all.into_iter().collect::<anyhow::Result<Vec<_>>>().map(|times| times.concat())
    })
}

/// One member sends a message to all. Returns the time until each has it, in microseconds.
pub(super) fn reach_all(members: &mut [Talker], sender: usize, text: &str) -> anyhow::Result<f64> {
    let sent = Instant::now();
    members[sender].say(text)?;
    for member in members {
        member.hear()?;
    }
    Ok(sent.elapsed().as_secs_f64() * 1e6)
}

/// Some clients at a time send a message each and wait for their answers, then the next ones do.
pub(super) fn in_turns(talkers: &mut [Talker], at_a_time: usize, text: &str) -> anyhow::Result<()> {
    for some in talkers.chunks_mut(at_a_time) {
        for talker in some.iter_mut() {
            talker.say(text)?;
        }
        for talker in some {
            talker.hear()?;
        }
    }
    Ok(())
}
