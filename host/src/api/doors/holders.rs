//! The callers with tokens, and when their requests are paid for.

use std::time::{Duration, Instant};

use super::pace::Pace;
use super::tokens::{Token, Tokens};
use crate::api::caller::{Caller, Door};

/// The holders of a door's tokens.
#[derive(Debug)]
pub struct Holders {
    tokens: Tokens,
    /// By token.
    all: Vec<Holder>,
}

#[derive(Debug)]
struct Holder {
    caller: Caller,
    /// When its requests are paid for.
    due: Instant,
}

impl Holders {
    /// Each token has a holder, who has asked for nothing yet.
    pub fn new(tokens: Tokens, now: Instant) -> Self {
        let holder = |token: &Token| Holder { caller: Caller::new(&token.name, token.right, Door::Tcp), due: now };
        let all = tokens.all().iter().map(holder).collect();
        Self { tokens, all }
    }

    /// The place of the holder of the token with this secret.
    pub fn find(&self, secret: &str) -> Option<usize> {
        self.tokens.find(secret)
    }

    /// Counts a request of the holder at this place.
    ///
    /// # Errors
    /// The holder has to wait for so long.
    pub fn count(&mut self, at: usize, pace: Pace, now: Instant) -> Result<Caller, Duration> {
        let Holder { caller, due } = &mut self.all[at];
        if let Some(wait) = pace.wait(*due, now) {
            return Err(wait);
        }
        *due = pace.used(*due, now);
        Ok(caller.clone())
    }

    /// Other tokens count from now on. The holder of one that stays has asked for as much as before.
    pub fn replace(&mut self, tokens: Tokens, now: Instant) {
        let before = std::mem::replace(self, Self::new(tokens, now));
        for (holder, token) in self.all.iter_mut().zip(self.tokens.all()) {
            if let Some(at) = before.tokens.all().iter().position(|other| other.is_same_secret(token)) {
                holder.due = before.all[at].due;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_stays_keeps_its_rate_and_takes_on_its_right_and_one_that_goes_is_unknown() {
        let (now, pace) = (Instant::now(), Pace::new(1, Duration::from_secs(1)));
        let tokens = |text: &str| Tokens::parse(text).expect("the tokens are right");
        let mut holders = Holders::new(tokens("alice admin 0123456789abcdef\nbob read fedcba9876543210"), now);
        let alice = holders.find("0123456789abcdef").expect("it is hers");
        assert!(holders.count(alice, pace, now).is_ok());

        holders.replace(tokens("carol read 00112233445566778899\nalice send 0123456789abcdef"), now);
        let alice = holders.find("0123456789abcdef").expect("it is hers still");
        assert_eq!(holders.count(alice, pace, now).expect_err("her rate is used up"), Duration::from_secs(1));
        let caller = holders.count(alice, pace, now + Duration::from_secs(1)).expect("she has waited");
        assert_eq!(format!("{caller:?}"), format!("{:?}", Caller::new("alice", crate::api::caller::Right::Send, Door::Tcp)));
        assert_eq!(holders.find("fedcba9876543210"), None);
        let carol = holders.find("00112233445566778899").expect("it is new");
        assert!(holders.count(carol, pace, now).is_ok());
    }
}
