//! A client that its room has let in and waits for.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::shard::Command;

/// Stands for the client until it has arrived at its shard. Dropped before, it tells the room to wait no longer.
#[derive(Debug)]
pub struct LetIn {
    room: Arc<str>,
    commands: mpsc::Sender<Command>,
    arrived: bool,
}

impl LetIn {
    /// A client on its way to the room of this name, whose shard takes these commands.
    pub fn new(room: Arc<str>, commands: mpsc::Sender<Command>) -> Self {
        Self { room, commands, arrived: false }
    }

    /// The client has arrived.
    pub fn arrived(mut self) {
        self.arrived = true;
    }
}

impl Drop for LetIn {
    fn drop(&mut self) {
        if !self.arrived {
            // If the queue is full, the room waits for the rest of the handshake timeout.
            let _ = self.commands.try_send(Command::Withdraw(Arc::clone(&self.room)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_hears_of_a_client_that_does_not_arrive() {
        let (commands, mut inbox) = mpsc::channel(1);
        LetIn::new("a".into(), commands.clone()).arrived();
        assert!(inbox.try_recv().is_err());
        drop(LetIn::new("a".into(), commands));
        assert!(matches!(inbox.try_recv(), Ok(Command::Withdraw(room)) if &*room == "a"));
    }
}
