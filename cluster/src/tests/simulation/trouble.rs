//! Troubles: nodes that stop, die and are cut off, clocks that jump, NATS that is away or restored.

use super::node::Node;
use super::world::{Event, World};

const MILLI: u64 = 1000;

impl World {
    pub(super) fn trouble(&mut self) {
        if !self.troubles {
            return;
        }
        let delay = self.rng.u64(100..2500) * MILLI;
        self.at(delay, Event::Trouble);
        let machine = self.rng.usize(0..self.machines.len());
        if self.rng.u32(0..4) == 0 {
            self.swap(machine);
        }
        let machine = self.rng.usize(0..self.machines.len());
        let short = self.rng.u64(50..1500) * MILLI;
        let long = self.rng.u64(50..6000) * MILLI;
        match self.rng.u32(0..100) {
            0..15 => self.kill(machine),
            15..35 => {
                self.machines[machine].is_stopped = true;
                self.at(long, Event::Continue(machine));
            }
            35..45 => {
                self.machines[machine].jet_is_cut = true;
                self.at(long, Event::JetBack(machine));
            }
            45..55 => {
                self.machines[machine].core_is_cut = true;
                self.at(long, Event::CoreBack(machine));
            }
            55..65 => {
                (self.machines[machine].core_is_cut, self.machines[machine].jet_is_cut) = (true, true);
                self.at(long, Event::CoreBack(machine));
                self.at(long, Event::JetBack(machine));
            }
            65..75 => {
                self.nats.is_away = true;
                let away = if self.rng.bool() { short } else { long };
                self.at(away, Event::NatsBack);
            }
            75..85 => self.drain(machine),
            85..90 => self.purge(),
            90..95 => self.jump(machine),
            _ => self.loss = if self.rng.bool() { 0 } else { self.rng.u32(0..40) },
        }
    }

    fn drain(&mut self, machine: usize) {
        if self.machines[machine].is_stopped {
            return;
        }
        self.with(machine, |node: &mut Node, around| {
            node.draining_since.get_or_insert(around.now);
            node.poll(around);
        });
    }

    /// A node takes the last release of the app, or the next one.
    fn swap(&mut self, machine: usize) {
        let nodes = self.machines.iter().filter_map(|machine| machine.node.as_ref());
        let last = nodes.map(|node| node.release).max().unwrap_or_default();
        let release = last + self.rng.u64(0..2);
        self.with(machine, |node, _| node.release = release);
    }

    fn jump(&mut self, machine: usize) {
        let jump = self.rng.i64(-5_000_000..5_000_000);
        if !self.oracle.clocks_are_good {
            self.machines[machine].clock.offset += jump;
        }
    }

    /// NATS comes back with the state of a while ago.
    pub(super) fn restore(&mut self) {
        self.nats = self.snapshot.clone();
        self.nats.is_away = true;
        self.oracle.was_restored = true;
        let delay = self.rng.u64(10..500) * MILLI;
        self.at(delay, Event::NatsBack);
    }

    /// Ends all troubles.
    pub(super) fn heal(&mut self) {
        self.troubles = false;
        self.loss = 0;
        for machine in 0..self.machines.len() {
            self.at(0, Event::Continue(machine));
            self.at(0, Event::CoreBack(machine));
            self.at(0, Event::JetBack(machine));
        }
        self.at(0, Event::NatsBack);
    }
}
