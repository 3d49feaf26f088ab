//! Why the last sessions have ended, for clients that come back too late.

use std::collections::{HashMap, VecDeque};

use crate::protocol::resume::Fresh;
use crate::types::ClientId;

/// The most sessions that are remembered. A client whose session is forgotten learns that it is unknown.
const REMEMBERED: usize = 1024;

/// The last ended sessions by client.
#[derive(Debug, Default)]
pub(super) struct Ended {
    reasons: HashMap<ClientId, Fresh>,
    order: VecDeque<ClientId>,
}

impl Ended {
    pub(super) fn note(&mut self, client: ClientId, reason: Fresh) {
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.reasons.remove(&oldest);
        }
        self.order.push_back(client);
        self.reasons.insert(client, reason);
    }

    pub(super) fn reason(&self, client: ClientId) -> Option<Fresh> {
        self.reasons.get(&client).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_reason_is_forgotten() {
        let mut ended = Ended::default();
        (1..=REMEMBERED as u64 + 1).for_each(|id| ended.note(id.into(), Fresh::Expired));
        assert_eq!([ended.reason(1.into()), ended.reason(2.into())], [None, Some(Fresh::Expired)]);
        assert_eq!((ended.reasons.len(), ended.order.len()), (REMEMBERED, REMEMBERED));
    }
}
