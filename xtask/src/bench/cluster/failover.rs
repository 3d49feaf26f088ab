//! The death of an owner: the time until its rooms answer again, and the time to open what it has left.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use super::fleet::{App, Fleet, ROOMS};
use super::talker::Talker;
use super::trial::{Trial, middle};
use crate::step::Trouble;

/// The rooms of each kind that are opened after their owner's death.
const OPENED: usize = 10;
/// The values of a room with 1 MiB of state, and their size.
const VALUES: usize = 8;
const VALUE_BYTES: usize = 128 << 10;
/// The clients that write meanwhile, and the time between two messages of one.
const WRITERS: usize = 20;
const PAUSE: Duration = Duration::from_millis(20);
/// The time of the load before the owner dies.
const LOAD: Duration = Duration::from_secs(2);
/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kills the owner of all rooms under load.
pub(super) fn kill(trial: &Trial<'_>) -> Result<Value, Trouble> {
    let app = App { guest: &trial.kit.guest("keeper"), arguments: &ROOMS, event: "" };
    let mut fleet = Fleet::start(trial.kit, trial.system, app)?;
    let mut owners = vec![enter(&fleet, 0, "/plain")?, enter(&fleet, 0, "/kept")?];
    for room in 0..OPENED {
        owners.push(fill(&fleet, &format!("/large-{room}"), VALUES, VALUE_BYTES)?);
        owners.push(fill(&fleet, &format!("/small-{room}"), 1, 100)?);
    }
    let plain = enter(&fleet, 1, "/plain")?;
    let writers = (0..WRITERS).map(|writer| enter(&fleet, 1 + writer % 2, "/kept")).collect::<anyhow::Result<Vec<_>>>()?;
    let killed = OnceLock::new();
    let (plain, kept) = thread::scope(|scope| {
        let plain = scope.spawn(|| until_answered(plain, "", &killed));
        let writers: Vec<_> = writers.into_iter().map(|writer| scope.spawn(|| until_answered(writer, "add ", &killed))).collect();
        thread::sleep(LOAD);
        // It is set only here.
        let _ = killed.set(Instant::now());
        drop(fleet.nodes.remove(0));
        let kept: anyhow::Result<Vec<f64>> = writers.into_iter().map(|writer| writer.join().expect("no client panics")).collect();
        (plain.join().expect("no client panics"), kept)
    });
    let opened = |name: &str, least: usize| -> anyhow::Result<Vec<f64>> {
        (0..OPENED).map(|room| opens(&fleet, &format!("/{name}-{room}"), least)).collect()
    };
    Ok(json!({
        "plain_s": plain?,
        "kept_s": middle(&kept?),
        "open_small_ms": middle(&opened("small", 100)?),
        "open_large_ms": middle(&opened("large", VALUES * VALUE_BYTES)?),
    }))
}

/// A client that has been greeted.
fn enter(fleet: &Fleet, node: usize, path: &str) -> anyhow::Result<Talker> {
    let mut talker = fleet.client(node, path)?;
    talker.hear()?;
    Ok(talker)
}

/// A client of a new room at the first node, in whose store it has set some values.
fn fill(fleet: &Fleet, path: &str, values: usize, bytes: usize) -> anyhow::Result<Talker> {
    let mut talker = enter(fleet, 0, path)?;
    for value in 0..values {
        talker.say(&format!("set {value} {bytes}"))?;
        let answer = talker.hear()?;
        ensure!(answer == "set", "the store answers {answer}");
    }
    Ok(talker)
}

/// Sends numbered messages until one that was sent after the owner's death is answered. Returns the seconds since that death.
fn until_answered(mut talker: Talker, before: &str, killed: &OnceLock<Instant>) -> anyhow::Result<f64> {
    let (begun, mut sent) = (Instant::now(), Vec::new());
    while begun.elapsed() < PATIENCE {
        let deadline = Instant::now() + PAUSE;
        talker.say(&format!("{before}{}", sent.len()))?;
        sent.push(Instant::now());
        while let Some(text) = talker.hear_until(deadline)? {
            let number = text.rsplit(' ').next().and_then(|word| word.parse::<usize>().ok());
            let answered = number.and_then(|number| sent.get(number));
            if let (Some(sent), Some(killed)) = (answered, killed.get())
                && sent > killed
            {
                return Ok(killed.elapsed().as_secs_f64());
            }
        }
    }
    bail!("no answer after {PATIENCE:?}")
}

/// The milliseconds until a client of a room that no living node owns is greeted. Its store must have so much at least.
fn opens(fleet: &Fleet, path: &str, least: usize) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut talker = enter(fleet, 0, path)?;
    let time = begun.elapsed().as_secs_f64() * 1e3;
    talker.say("usage")?;
    let usage = talker.hear()?;
    let bytes = usage.rsplit(' ').next().and_then(|bytes| bytes.parse::<usize>().ok());
    ensure!(bytes.is_some_and(|bytes| bytes >= least), "the store of {path} has {usage}");
    Ok(time)
}
