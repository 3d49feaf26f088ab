//! The verdict when a shard holds too much for its clients: the largest holders are closed.

use std::collections::HashSet;
use std::rc::Rc;

use super::ledger::Ledger;
use super::table::Shard;
use crate::protocol::resume::Fresh;
use crate::types::{ClientId, CloseInfo};

impl Shard {
    /// Counts the memory that is held for clients. If it is more than the shard's share, closes the largest holders until it is an eighth
    /// less than that.
    pub fn relieve(&self) {
        let holdings = &self.resources().holdings;
        let at_most = self.held_at_most();
        holdings.set(at_most);
        if at_most <= holdings.share() {
            return;
        }
        let ledger = self.ledger();
        let mut total = ledger.total() + self.callers().held();
        if total > holdings.share() {
            let goal = holdings.share() - holdings.share() / 8;
            let mut closed = HashSet::new();
            let mut answers = self.callers().by_size().into_iter().peekable();
            let mut cut = 0;
            let holders = ledger.holders().into_iter().map(|(client, bytes)| (Some(client), bytes));
            // Behind the last client, the answers that are left.
            for (client, bytes) in holders.chain([(None, 0)]) {
                while total > goal
                    && let Some((held, answer)) = answers.next_if(|(held, _)| *held > bytes)
                {
                    answer.cut();
                    (total, cut) = (total.saturating_sub(held), cut + 1);
                }
                let Some(client) = client.filter(|_| total > goal) else { break };
                closed.insert(client);
                total = total.saturating_sub(bytes);
            }
            self.evict(&closed);
            if let Some(left_out) = self.log_limits().evictions.allows(self.time()) {
                let (share, count) = (holdings.share() >> 20, closed.len() + cut);
                tracing::warn!(
                    "the clients of a shard made the host hold more than {share} MiB: {count} of them are closed{left_out}"
                );
            }
        }
        holdings.set(total);
    }

    /// The sum, in which a shared frame counts for each of its receivers. It takes less time than the ledger.
    fn held_at_most(&self) -> usize {
        let outboxes: usize = self.lines().iter().map(|(_, line)| line.memory()).sum();
        let holdings = &self.resources().holdings;
        let mailboxes: usize = holdings.waiting_rooms().iter().map(|room| room.mailbox.bytes()).sum();
        self.resources().sessions.memory() + outboxes + mailboxes + holdings.kept_by_all() + self.callers().held()
    }

    fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        let holdings = &self.resources().holdings;
        for (slot, line) in self.lines().iter() {
            let client = line.client();
            ledger.add(client, u32::try_from(slot).map_or(0, |slot| holdings.kept(slot)));
            line.count_outbox(&mut ledger);
        }
        self.resources().sessions.count(&mut ledger);
        for room in holdings.waiting_rooms() {
            room.mailbox.for_each_message(|client, bytes| ledger.add(client, bytes));
        }
        ledger
    }

    /// Closes clients, and drops everything that is held for them. A client may have gone, and only its messages be left.
    fn evict(&self, clients: &HashSet<ClientId>) {
        let lines: Vec<_> =
            self.lines().iter().filter(|(_, line)| clients.contains(&line.client())).map(|(_, line)| Rc::clone(line)).collect();
        for line in lines {
            line.evict(self.resources());
        }
        for session in self.resources().sessions.all_away() {
            if clients.contains(&session.member().client.id) {
                self.end_session(&session, CloseInfo::holds_too_much(), Some(Fresh::TooMuch));
            }
        }
        for room in self.resources().holdings.waiting_rooms() {
            room.mailbox.drop_messages_of(clients);
        }
    }
}
