//! Scripts at random.

use fastrand::Rng;

use super::script::{Op, TOPICS, show};

/// A failure that one message of a client causes.
#[derive(Debug, Clone, Copy)]
pub enum Mishap {
    /// Its handler fails.
    Fails,
    /// Its handler sends the client more than the hard limit.
    Floods,
}

/// Makes the scripts of one client.
pub struct Generator {
    pub random: Rng,
    /// The first id that scripts name, and the first behind the last. The recorders are before them.
    pub ids: (u64, u64),
}

impl Generator {
    /// The messages of a client, in groups that it sends at once. The last of a group has an answer. This mishap happens in one.
    pub fn messages(&mut self, me: u64, mishap: Option<Mishap>) -> Vec<Vec<String>> {
        let mut groups: Vec<Vec<String>> = (0..self.random.usize(2..8)).map(|_| self.group(me)).collect();
        let script = match mishap {
            None => return groups,
            Some(Mishap::Fails) => vec![self.op(me), Op::Fail],
            Some(Mishap::Floods) => vec![Op::Send { to: me, bytes: 1_000_000 }; 16],
        };
        let number = self.random.usize(..groups.len());
        let group = &mut groups[number];
        group.insert(self.random.usize(..=group.len()), show(&script));
        groups
    }

    fn group(&mut self, me: u64) -> Vec<String> {
        let scripts: Vec<Vec<Op>> = (0..self.random.usize(1..6)).map(|_| self.script(me, 0)).collect();
        let answered = vec![Op::Send { to: me, bytes: 5 }];
        scripts.iter().chain([&answered]).map(|script| show(script)).collect()
    }

    fn script(&mut self, me: u64, depth: u32) -> Vec<Op> {
        let mut ops: Vec<Op> = (0..self.random.usize(1..5)).map(|_| self.op(me)).collect();
        if self.random.u32(..12) == 0 && depth < 3 {
            let script = self.script(me, depth + 1);
            ops.push(Op::Timer { delay_ms: self.random.u32(..30), script });
        }
        ops
    }

    fn op(&mut self, me: u64) -> Op {
        let id = if self.random.bool() { me } else { self.random.u64(self.ids.0..self.ids.1) };
        let topic = self.random.u8(..TOPICS);
        match self.random.u32(..100) {
            0..30 => Op::Send { to: id, bytes: self.bytes() },
            30..45 => Op::Broadcast { bytes: self.bytes(), except: if self.random.bool() { id } else { 0 } },
            45..60 => Op::Publish { topic, bytes: self.bytes(), except: if self.random.bool() { id } else { 0 } },
            60..74 => Op::Subscribe { id, topic },
            74..78 => Op::Unsubscribe { id, topic },
            78..86 => Op::Attach { id, value: self.random.u32(1000..9999) },
            86..95 => Op::Look { id },
            95..97 => Op::Cancel { timer: self.random.u64(1..60) },
            97..98 => Op::Compute,
            // Few clients shall be closed early.
            _ if self.random.u32(..8) == 0 => Op::Close { id, code: self.random.u16(3000..3999) },
            _ => Op::Look { id: me },
        }
    }

    /// Mostly short, at times past the soft limit, and rarely larger than what a shard keeps between two flushes.
    fn bytes(&mut self) -> usize {
        match self.random.u32(..100) {
            0..85 => self.random.usize(..200),
            85..98 => self.random.usize(1_000..5_000),
            _ => self.random.usize(60_000..80_000),
        }
    }
}
