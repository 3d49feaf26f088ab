//! A game of dots on a field. A timer moves them at 20 Hz, and the game reports how late its ticks are.

#![forbid(unsafe_code)]

mod field;
mod pace;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use field::{Field, HEIGHT, Heading, WIDTH};
use pace::Pace;
use ws_guest::{App, Client, ClientId, CloseInfo, Lifecycle, Message, Saved, StartReason, TimerId, Timers};
use ws_guest::{broadcast, clients, control, count, send};

/// 20 ticks a second.
const PERIOD: Duration = Duration::from_millis(50);

/// The name of the saved state's format: a line with the field, a line with the clock.
const STATE: &str = "ticker-1";

#[derive(Default)]
struct Ticker {
    field: Field,
    /// Runs while somebody plays.
    clock: Option<Clock>,
}

/// The timer that drives the game, with the lateness of its ticks.
struct Clock {
    timer: TimerId,
    pace: Pace,
}

ws_guest::export!(Ticker: Lifecycle, Timers);

impl App for Ticker {
    fn on_new_client(&mut self, client: Client) {
        send(client.id, format!("you {} {WIDTH} {HEIGHT}", client.id)).ok();
        self.field.enter(client.id);
        if self.clock.is_none() {
            self.clock = Clock::start();
        }
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        let text = message.as_text().unwrap_or_default().trim();
        if let Some(heading) = Heading::from_word(text) {
            self.field.steer(from, heading);
        } else if text == "drift" {
            let report = self.clock.as_ref().map_or_else(String::new, |clock| clock.pace.report());
            send(from, format!("drift {report}")).ok();
        } else {
            send(from, "error use: up, down, left, right, stop, drift").ok();
        }
    }

    fn on_client_left(&mut self, id: ClientId, _info: CloseInfo) {
        self.field.leave(id);
        if count() == 0
            && let Some(clock) = self.clock.take()
        {
            control::cancel_timer(clock.timer);
            println!("the clock stops");
            *self = Self::default();
        }
    }
}

impl Timers for Ticker {
    fn on_timer(&mut self, id: TimerId, _payload: Vec<u8>) {
        match &mut self.clock {
            Some(clock) if clock.timer == id => clock.pace.tick(Instant::now()),
            _ => {
                println!("the clock of an instance that trapped stops");
                return control::cancel_timer(id);
            }
        }
        self.field.step();
        // It never waits for a slow player.
        broadcast(self.field.state()).ok();
    }
}

impl Lifecycle for Ticker {
    fn on_start(&mut self, reason: StartReason, saved: Option<Saved>) -> Result<(), String> {
        if let (StartReason::Swap, Some(saved)) = (reason, &saved) {
            return self.resume(saved);
        }
        // After a trap the game starts over: the saved state is that of the last swap, perhaps long ago.
        for id in clients() {
            self.field.enter(id);
            self.clock = self.clock.take().or_else(Clock::start);
        }
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        let clock = self.clock.as_ref().map(Clock::save).unwrap_or_default();
        Saved { version: STATE.to_owned(), data: format!("{}\n{clock}", self.field.state()).into_bytes() }
    }
}

impl Ticker {
    fn resume(&mut self, saved: &Saved) -> Result<(), String> {
        let text = String::from_utf8_lossy(&saved.data);
        let state = text.split_once('\n').filter(|_| saved.version == STATE);
        let (field, clock) = state.ok_or_else(|| format!("state of an unknown format: {}", saved.version))?;
        self.field = Field::from_state(field).ok_or("a field that cannot be read")?;
        self.clock = Clock::resume(clock);
        Ok(())
    }
}

impl Clock {
    fn start() -> Option<Self> {
        let first = Instant::now() + PERIOD;
        let timer = control::set_interval(PERIOD, b"").ok()?;
        println!("the clock starts");
        Some(Self { timer, pace: Pace::new(PERIOD, first) })
    }

    /// Returns the timer's id and its next due time on the wall clock, in nanoseconds. The monotonic clock starts over
    /// with each instance, so its times mean nothing to the next one.
    fn save(&self) -> String {
        format!("{} {}", self.timer, wall_nanos() + self.pace.due_in(Instant::now()))
    }

    /// Takes over the same timer in a new instance. The timer has kept running in the host, on the same grid.
    fn resume(saved: &str) -> Option<Self> {
        let (timer, due) = saved.split_once(' ')?;
        let (now, due_in) = (Instant::now(), due.parse::<i64>().ok()? - wall_nanos());
        let away = Duration::from_nanos(due_in.unsigned_abs());
        let due = if due_in < 0 { now.checked_sub(away) } else { now.checked_add(away) };
        Some(Self { timer: timer.parse().ok()?, pace: Pace::new(PERIOD, due.unwrap_or(now)) })
    }
}

fn wall_nanos() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
