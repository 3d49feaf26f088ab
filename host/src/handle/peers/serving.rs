//! The answers of this node to what the others ask.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::link::Answering;
use super::message::{Answer, Content, Request, decode, encode};
use super::part::Part;
use crate::error::Error;
use crate::handle::Handle;
use crate::inventory::Receivers;
use crate::shard::Tallied;

/// The longest list of an answer, in bytes: messages between rooms wait behind it. The rest comes with the next page.
const MAX_LIST_BYTES: usize = 768 << 10;

impl Handle {
    /// Answers other nodes from now on, until the server is gone.
    pub(in crate::handle) fn serve_peers(&self) {
        let Some(link) = &self.inner.controls.cluster else { return };
        let inner = Arc::downgrade(&self.inner);
        let answering: Answering = Arc::new(move |request| match inner.upgrade() {
            Some(inner) => Self { inner }.answer_peer(request),
            None => refused(&Error::Stopped),
        });
        link.serve(answering);
    }

    fn answer_peer(&self, request: Bytes) -> BoxFuture<'static, Bytes> {
        match decode::<Request>(request) {
            // It takes effect before the next request.
            Some((Request::Deliver { to, what }, payload)) => self.deliver_for_peer(&to, what, payload),
            Some((request, _)) => {
                let handle = self.clone();
                async move {
                    let answer = handle.told(request).await.unwrap_or_else(|error| Answer::Refused(error.to_string()));
                    encode(&answer, &[])
                }
                .boxed()
            }
            None => refused(&"this node does not know the request"),
        }
    }

    fn deliver_for_peer(&self, to: &Receivers, what: Content, payload: Bytes) -> BoxFuture<'static, Bytes> {
        let Some(what) = what.with(payload) else { return refused(&"the text is not UTF-8") };
        match self.hand_over(to, &what) {
            Ok(tallied) => delivered(tallied).boxed(),
            Err(Error::NoSuchClient(_) | Error::NoSuchUser(_)) => {
                async { encode(&Answer::Delivered(Tallied::default()), &[]) }.boxed()
            }
            Err(error) => refused(&error),
        }
    }

    async fn told(&self, request: Request) -> Result<Answer, Error> {
        Ok(match request {
            Request::Rooms { prefix, after, limit } => {
                let rooms = self.rooms_here(&prefix, after.as_deref(), limit).await?;
                Answer::Rooms(Part::from(rooms).within(MAX_LIST_BYTES))
            }
            Request::Room { room } => Answer::Room(self.room_here(&room.into()).await?),
            Request::ClientsOf { room, after, limit } => {
                let clients = self.clients_of_room_here(&room.into(), after.map(Into::into), limit).await?;
                Answer::Clients(clients.map(|clients| Part::from(clients).within(MAX_LIST_BYTES)))
            }
            Request::Clients { user, after, limit } => {
                let clients = self.clients_here(user.as_deref(), after.map(Into::into), limit).await?;
                Answer::Clients(Some(Part::from(clients).within(MAX_LIST_BYTES)))
            }
            Request::Client { id } => Answer::Client(self.client_and_topics(id.into()).await?),
            Request::Topics { room, client } => Answer::Topics(self.topics_here(&room, client.into()).await?.flatten()),
            Request::Users { after, limit } => {
                Answer::Users(Part::from(self.users_here(after.as_deref(), limit)).within(MAX_LIST_BYTES))
            }
            Request::User { name } => Answer::User(self.inner.controls.roster.count_of(&name)),
            Request::EndSession(departure) => Answer::SessionEnded(self.end_session_here(departure).await?),
            Request::Status => self.node_status().map_or_else(|| Answer::Refused("it has no lease".into()), Answer::Status),
            Request::Deliver { .. } => Answer::Refused("it is delivered when it comes".into()),
        })
    }
}

async fn delivered(tallied: oneshot::Receiver<Tallied>) -> Bytes {
    let answer = match tallied.await {
        Ok(tallied) if tallied.is_taken => Answer::Delivered(tallied),
        _ => Answer::Refused(Error::Stopped.to_string()),
    };
    encode(&answer, &[])
}

fn refused(reason: &impl ToString) -> BoxFuture<'static, Bytes> {
    let answer = encode(&Answer::Refused(reason.to_string()), &[]);
    async { answer }.boxed()
}
