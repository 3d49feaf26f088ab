//! Failed tokens by address: after some, the address has to wait. The caller passes the time in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::pace::Pace;
use crate::types::network;

/// The failed tokens of one address within a minute. Then its tokens are refused without a look at them, right ones too: the answer to a right
/// one would tell.
const PER_MINUTE: u32 = 10;
/// The addresses whose failures are counted. When there are more, the one with the oldest failures is forgotten.
const MAX_ADDRESSES: usize = 4096;

/// The failures of all addresses.
#[derive(Debug)]
pub struct Guesses {
    pace: Pace,
    due: HashMap<IpAddr, Instant>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { pace: Pace::new(PER_MINUTE, Duration::from_secs(60)), due: HashMap::new() }
    }
}

impl Guesses {
    /// How long this address has to wait before its next token is looked at.
    pub fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        self.pace.wait(*self.due.get(&network(address))?, now)
    }

    /// A token of this address was wrong.
    pub fn failed(&mut self, address: IpAddr, now: Instant) {
        let network = network(address);
        if self.due.len() >= MAX_ADDRESSES && !self.due.contains_key(&network) {
            self.due.retain(|_, due| *due > now);
            if self.due.len() >= MAX_ADDRESSES
                && let Some(oldest) = self.due.iter().min_by_key(|(_, due)| **due).map(|(address, _)| *address)
            {
                self.due.remove(&oldest);
            }
        }
        let due = self.due.entry(network).or_insert(now);
        *due = self.pace.used(*due, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("it is an address")
    }

    #[test]
    fn an_address_waits_after_ten_failures_and_others_do_not() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(guesses.wait(address("2001:db8::1"), now), None);
            guesses.failed(address("2001:db8::1"), now);
        }
        assert_eq!(guesses.wait(address("2001:db8::2"), now), Some(Duration::from_secs(6)), "it may have the whole network");
        assert_eq!(guesses.wait(address("2001:db8:0:1::1"), now), None);
        assert_eq!(guesses.wait(address("2001:db8::1"), now + Duration::from_secs(6)), None);
    }

    #[test]
    fn the_number_of_addresses_is_bounded_and_the_oldest_goes_first() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        let nth = |n: u32| IpAddr::from(n.to_be_bytes());
        for n in 0..=MAX_ADDRESSES as u32 {
            for _ in 0..10 {
                guesses.failed(nth(n), now + Duration::from_millis(n.into()));
            }
        }
        assert_eq!(guesses.due.len(), MAX_ADDRESSES);
        assert!(guesses.wait(nth(0), now).is_none() && guesses.wait(nth(1), now).is_some());
        guesses.failed(nth(0), now + Duration::from_secs(3600));
        assert_eq!(guesses.due.len(), 1, "those that have paid are forgotten together");
    }
}
