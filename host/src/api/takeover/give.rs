//! The old process: it hands its sockets over, and stops when the new process serves.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::course::{Action, Course, Event};
use super::messages::FromOld;
use super::peer;
use super::wire::{self, Incoming, MAX_DESCRIPTORS};
use crate::front::Shared;
use crate::handle::Handle;
use crate::log::printable;
use crate::succession::{Successor, UnderWay};

/// Hands a server over to the process at the other end. Returns when that process serves or has failed.
pub async fn give(stream: UnixStream, handle: Handle, under_way: UnderWay) {
    let successor = match peer::check(&stream) {
        Ok(successor) => successor,
        Err(error) => return tracing::warn!("no takeover: {error}"),
    };
    let sockets = match offer(&stream, &handle).await {
        Ok(sockets) => sockets,
        Err(error) => return tracing::warn!("{successor} cannot take over: {error}"),
    };
    tracing::info!("{successor} gets ready to take over");
    Giving { stream, handle, successor, sockets }.run(under_way).await;
}

/// Sends the listening sockets. From now on, their files stay if this process ends.
async fn offer(stream: &UnixStream, handle: &Handle) -> io::Result<Vec<Shared>> {
    let shared = handle.sockets().await?;
    let data = handle.data_folder();
    let count = shared.len().div_ceil(MAX_DESCRIPTORS).max(1);
    let mut chunks = shared.chunks(MAX_DESCRIPTORS);
    for index in 0..count {
        let chunk = chunks.next().unwrap_or_default();
        let sockets = chunk.iter().map(|socket| socket.about.clone()).collect();
        let descriptors: Vec<_> = chunk.iter().map(|socket| socket.descriptor.as_fd()).collect();
        let message = FromOld::Sockets { sockets, data, more: index + 1 < count };
        stream.async_io(Interest::WRITABLE, || wire::send(stream, &message, &descriptors)).await?;
    }
    leave(&shared, true);
    Ok(shared)
}

/// Notes whether the files of these Unix sockets are left to the other process.
fn leave<'a>(sockets: impl IntoIterator<Item = &'a Shared>, is_left: bool) {
    sockets.into_iter().filter_map(|socket| socket.is_left.as_ref()).for_each(|file| file.store(is_left, Relaxed));
}

struct Giving {
    stream: UnixStream,
    handle: Handle,
    successor: Successor,
    /// The listening sockets, which this process needs again if the other one fails.
    sockets: Vec<Shared>,
}

impl Giving {
    async fn run(mut self, under_way: UnderWay) {
        let (mut course, mut incoming, mut is_ended) = (Course::Offered, Incoming::default(), false);
        let (mut under_way, mut is_gone) = (Some(under_way), false);
        while course != Course::Over {
            let event = tokio::select! {
                () = self.handle.ended(), if !is_ended => {
                    is_ended = true;
                    Event::Ended
                }
                event = self.heard(&mut incoming), if !is_gone => event,
            };
            is_gone |= matches!(event, Event::Gone(_));
            for action in course.follow(event) {
                self.act(action, &mut under_way).await;
            }
        }
    }

    async fn act(&mut self, action: Action, under_way: &mut Option<UnderWay>) {
        let successor = self.successor;
        match action {
            Action::End(takes) => {
                let rest = self.sockets.iter().enumerate().filter(|(index, _)| !takes.contains(index));
                leave(rest.map(|(_, socket)| socket), false);
                self.handle.end_for_successor();
            }
            Action::Promise => self.say(&FromOld::Yours).await,
            Action::Leave => {
                tracing::info!("{successor} has taken over: it serves, and this one ends");
                if let Some(under_way) = under_way.take() {
                    under_way.done(successor);
                }
                self.say(&FromOld::Left).await;
            }
            Action::GoOn(reason) => {
                leave(&self.sockets, false);
                tracing::warn!("{successor} does not take over, and this one goes on: {}", printable(&reason));
            }
            Action::NobodyServes(reason) => {
                if let Some(under_way) = under_way.take() {
                    under_way
                        .nobody_serves(format!("{successor} failed to take over: {reason}"), std::mem::take(&mut self.sockets));
                }
            }
        }
    }

    /// The next message of the other process, or its end.
    async fn heard(&self, incoming: &mut Incoming) -> Event {
        loop {
            match incoming.message() {
                Ok(Some(message)) => return Event::Said(message),
                Ok(None) => {}
                Err(error) => return Event::Gone(format!("it cannot be understood ({error})")),
            }
            match self.stream.async_io(Interest::READABLE, || incoming.read(&self.stream)).await {
                Ok(true) => {}
                Ok(false) => return Event::Gone("it has ended".to_owned()),
                Err(error) => return Event::Gone(error.to_string()),
            }
        }
    }

    /// Says something. If the other process has gone, its end of the connection tells.
    async fn say(&self, message: &impl Serialize) {
        let sent = self.stream.async_io(Interest::WRITABLE, || wire::send(&self.stream, message, &[])).await;
        if let Err(error) = sent {
            tracing::debug!("{} does not hear: {error}", self.successor);
        }
    }
}
