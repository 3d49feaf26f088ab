//! The rooms that this node owns, or would own.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::time::timeout;
use ws_cluster::directory::{KnownRecord, Wake};
use ws_cluster::{Act, Answer, Broken, Claim, Publication, RoomRecord, Standing, Verdict};

use super::chain::{Found, TIMEOUT, Useless};
use super::core::{Alive, Core, InPieces, Owned};
use super::news::News;
use super::noting::note;
use super::pieces;
use super::purges;
use super::records::{Doubts, LOOK_PACE, Stored};
use crate::log::printable;

/// A room that could not open is not tried again for so long.
const SHUT: Duration = Duration::from_secs(10);
/// A view that lags behind a room's records is waited for so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// While a node takes the release that a room needs, it looks so often whether another node has the room by now.
const LOOK: Duration = Duration::from_secs(1);
/// Rooms whose last records are read at a time.
const AT_A_TIME: usize = 32;

/// The requests of shards for one life.
#[derive(Debug, Clone)]
pub(super) struct Rooms {
    pub(super) core: Arc<Core>,
    pub(super) alive: Arc<Alive>,
}

impl Rooms {
    /// Whether a search for the room's owner begins now. It is answered by [`Rooms::find`].
    pub(super) fn may_find(&self, room: &Arc<str>) -> bool {
        let mut rooms = self.alive.rooms();
        !rooms.owned.contains_key(room) && rooms.sought.insert(Arc::clone(room))
    }

    /// Finds the room's owner, or claims the room.
    pub(super) async fn find(&self, room: Arc<str>) {
        let news = self.found_or_won(&room).await;
        let mut rooms = self.alive.rooms();
        rooms.sought.remove(&room);
        drop(rooms);
        self.tell(&room, news.unwrap_or_else(|| News::NotFound { room: Arc::clone(&room) }));
    }

    async fn found_or_won(&self, room: &Arc<str>) -> Option<News> {
        if self.is_shut(room) {
            return None;
        }
        let (core, alive) = (&self.core, &self.alive);
        let mut claim = Claim::new(alive.life, alive.attempts.fetch_add(1, Relaxed) + 1, core.present.opens());
        let mut verdict = self.look_up(room, &mut claim).await?;
        loop {
            match verdict {
                Verdict::Owned { owner, epoch } => return Some(News::Found { room: Arc::clone(room), owner, epoch }),
                Verdict::Won { epoch } => return self.won(room, epoch).await,
                Verdict::Publish(_) | Verdict::Behind { .. } if !core.may_claim() => return None,
                Verdict::Behind { release } => {
                    core.present.need(release, LOOK).await;
                    claim.opens(core.present.opens());
                    verdict = self.look_up(room, &mut claim).await?;
                }
                Verdict::Publish(publication) => {
                    let message = publication.record.encode();
                    let answer = match core.records.store(core.names.room(room), publication.expected, message, TIMEOUT).await {
                        Stored::At(sequence) => Answer::Stored(sequence),
                        Stored::Unknown => Answer::Unknown,
                        Stored::Refused => {
                            Answer::Refused { last: self.last(room).await?.map(|last| (last.sequence, last.record)) }
                        }
                    };
                    verdict = claim.answered(answer, &alive.sight.neighbours());
                }
            }
        }
    }

    /// Reads the room's last record for a claim. `None` as for [`Rooms::last`].
    async fn look_up(&self, room: &Arc<str>, claim: &mut Claim) -> Option<Verdict> {
        let last = self.last(room).await?;
        Some(claim.looked(last.as_ref().map(|last| (last.sequence, &last.record)), &self.alive.sight.neighbours()))
    }

    /// The room's last record. `None` if it cannot be read, or is of a later version.
    async fn last(&self, room: &Arc<str>) -> Option<Option<Found>> {
        match self.core.chains().last(room).await {
            Ok(last) => Some(last),
            Err(useless) => {
                self.shut(room, useless);
                None
            }
        }
    }

    /// The claim is stored: reads the room's records up to it.
    async fn won(&self, room: &Arc<str>, epoch: u64) -> Option<News> {
        let records = loop {
            match self.core.chains().until(room, epoch).await {
                Ok(records) => break records,
                // The room is this node's, and nobody else can open it while this one lives.
                Err(Useless::Unread) if self.is_lost(room, epoch).await => return None,
                Err(Useless::Unread) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(useless) => {
                    self.shut(room, useless);
                    return None;
                }
            }
        };
        let last = records.last().map(|(sequence, _)| *sequence);
        let standing = match Standing::of(records) {
            Ok(standing) => standing,
            Err(Broken) => {
                let room_name = printable(room);
                tracing::error!(room = %room_name, "the records of this room do not follow from each other, so it does not open: NATS was restored or its stream was changed");
                self.keep_shut(room);
                return None;
            }
        };
        // Another node has claimed the room since.
        if last != Some(epoch) || standing.last != epoch {
            return None;
        }
        let (alive, seen) = (&self.alive, standing.seen);
        if timeout(PATIENCE, alive.sight.reaches(seen)).await.is_err() {
            let room_name = printable(room);
            tracing::error!(room = %room_name, "the records of nodes end before {seen}, which this room knows of, so it does not open yet: NATS was restored, or lags behind");
            return None;
        }
        self.core.show_until(&alive.sight, seen);
        let owned = Owned { epoch, last: epoch, is_durable: standing.is_durable, ..Owned::default() };
        alive.rooms().owned.insert(Arc::clone(room), owned);
        Some(News::Won { room: Arc::clone(room), standing: Box::new(standing) })
    }

    /// Whether another node has claimed the room since.
    async fn is_lost(&self, room: &Arc<str>, epoch: u64) -> bool {
        let last = self.core.chains().last(room).await;
        last.is_ok_and(|last| last.is_none_or(|last| last.record.epoch(last.sequence) != epoch))
    }

    /// The shard has no owner of this epoch any more.
    pub(super) fn ended(&self, room: &Arc<str>, epoch: u64) {
        let mut rooms = self.alive.rooms();
        if rooms.owned.get(room).is_some_and(|owned| owned.epoch == epoch) {
            rooms.owned.remove(room);
        }
    }

    /// Publishes a record of an owner, when the directory says of the room what it must.
    pub(super) async fn publish(&self, room: Arc<str>, epoch: u64, publication: Publication<RoomRecord>, wake: Wake) {
        let answer = match self.is_noted(&room, epoch, &publication.record.act, wake).await {
            true => self.stored(&room, epoch, &publication).await,
            false => Answer::Unknown,
        };
        if let Answer::Stored(sequence) = answer {
            self.notice(&room, epoch, sequence, &publication.record);
        }
        self.tell(&room, News::Answered { room: Arc::clone(&room), epoch, answer });
    }

    /// Whether the directory says of a durable room, before this record, when others are to open it. Mostly it does already.
    async fn is_noted(&self, room: &Arc<str>, epoch: u64, act: &Act, wake: Wake) -> bool {
        let is_closing = match act {
            Act::Claim { .. } => return true,
            Act::Commit { .. } => false,
            Act::Release { .. } => {
                let mut rooms = self.alive.rooms();
                let Some(owned) = rooms.owned.get_mut(room).filter(|owned| owned.is_durable) else { return true };
                owned.is_closing = true;
                true
            }
        };
        note(&self.core, room, KnownRecord { owner: self.alive.life, epoch, wake }, is_closing).await
    }

    async fn stored(&self, room: &Arc<str>, epoch: u64, publication: &Publication<RoomRecord>) -> Answer<RoomRecord> {
        let core = &self.core;
        let Some(message) = self.message(room, epoch, &publication.record).await else { return Answer::Unknown };
        let doubts = Doubts::default();
        loop {
            match core.records.store(core.names.room(room), publication.expected, message.clone(), TIMEOUT).await {
                Stored::At(sequence) => return Answer::Stored(sequence),
                Stored::Unknown => return Answer::Unknown,
                Stored::Refused => {}
            }
            match core.chains().last(room).await {
                Ok(last) if last.as_ref().map_or(0, |last| last.sequence) < publication.expected && !doubts.are_enough() => {
                    tokio::time::sleep(LOOK_PACE).await;
                }
                Ok(last) => return self.refused(room, epoch, publication, last),
                Err(Useless::Unread) => return Answer::Unknown,
                Err(useless) => {
                    self.shut(room, useless);
                    // Another node's record, which this one cannot read, is behind the owner's.
                    let record = RoomRecord { owner: self.alive.life, release: 0, act: Act::Claim { attempt: 0 } };
                    return Answer::Refused { last: Some((u64::MAX, record)) };
                }
            }
        }
    }

    /// The answer when this is the room's last record. It is the published one if the answer to an earlier copy was lost.
    fn refused(
        &self,
        room: &Arc<str>,
        epoch: u64,
        publication: &Publication<RoomRecord>,
        last: Option<Found>,
    ) -> Answer<RoomRecord> {
        if let Some(Found { sequence, record, .. }) = &last
            && *record == publication.record
        {
            self.notice(room, epoch, *sequence, record);
        }
        Answer::Refused { last: last.map(|last| (last.sequence, last.record)) }
    }

    /// The message for a record. A large one is stored in pieces, and once for all its publications.
    async fn message(&self, room: &Arc<str>, epoch: u64, record: &RoomRecord) -> Option<Bytes> {
        let (core, bytes) = (&self.core, record.encode());
        if !pieces::is_large(&core.link, bytes.len()) {
            return Some(bytes);
        }
        let hash = pieces::hash(&bytes);
        let before = self.alive.rooms().owned.get(room).and_then(|owned| owned.on_the_way.clone());
        if let Some(in_pieces) = before.filter(|before| before.hash == hash) {
            return Some(in_pieces.head);
        }
        let is_whole = matches!(record.act, Act::Commit { whole: true, .. });
        let stored = pieces::store(&core.records, (&core.link, &core.names), (room, epoch), bytes, is_whole).await;
        let (head, first) = stored.ok()?;
        if let Some(owned) = self.alive.rooms().owned.get_mut(room) {
            owned.on_the_way = Some(InPieces { hash, head: head.clone(), first });
        }
        Some(head)
    }

    /// A record of an owner is stored.
    fn notice(&self, room: &Arc<str>, epoch: u64, sequence: u64, record: &RoomRecord) {
        let mut rooms = self.alive.rooms();
        let Some(owned) = rooms.owned.get_mut(room).filter(|owned| owned.epoch == epoch) else { return };
        owned.last = owned.last.max(sequence);
        let pieces = owned.on_the_way.take();
        match &record.act {
            Act::Commit { whole, .. } => {
                owned.is_durable = true;
                if *whole {
                    owned.whole = Some((sequence, pieces.map_or(sequence, |pieces| pieces.first)));
                }
            }
            Act::Release { is_empty: true, .. } if !owned.is_durable => self.core.purges.push(Arc::clone(room), sequence),
            Act::Release { .. } | Act::Claim { .. } => {}
        }
    }

    /// Removes the room's records up to this sequence.
    pub(super) async fn purge(&self, room: Arc<str>, through: u64) {
        let whole = self.alive.rooms().owned.get(&room).and_then(|owned| owned.whole);
        // Pieces of the whole record lie before it. Without knowing it, earlier pieces are left for the next purge.
        let pieces_before = whole.filter(|(sequence, _)| *sequence == through + 1).map_or(0, |(_, first)| first);
        if pieces_before > 0 {
            purges::remove(&self.core.chains(), &room, through + 1, pieces_before).await;
        }
    }

    /// Reads the last record of each room of this node, since NATS is back.
    pub(super) async fn look(&self) {
        let owned: Vec<_> = self.alive.rooms().owned.iter().map(|(room, owned)| (Arc::clone(room), owned.epoch)).collect();
        let looks = futures_util::stream::iter(owned).map(|(room, epoch)| self.look_at(room, epoch));
        looks.buffer_unordered(AT_A_TIME).collect::<()>().await;
    }

    async fn look_at(&self, room: Arc<str>, epoch: u64) {
        let doubts = Doubts::default();
        while let Some(known) = self.last_stored(&room, epoch) {
            match self.core.chains().last(&room).await {
                Err(Useless::Unread) => {}
                Err(useless) => return self.shut(&room, useless),
                Ok(last) if last.as_ref().is_none_or(|last| self.is_older(last, known)) => {
                    if !doubts.are_enough() {
                        tokio::time::sleep(LOOK_PACE).await;
                        continue;
                    }
                    // The room may have been released meanwhile, and its records removed.
                    if self.last_stored(&room, epoch).is_some() {
                        self.core.restored.notify_waiters();
                    }
                    return;
                }
                Ok(last) => {
                    let last = last.map(|last| last.record.epoch(last.sequence));
                    return self.tell(&room, News::Looked { room: Arc::clone(&room), epoch, last });
                }
            }
        }
    }

    /// Whether this node has stored another record at this sequence: NATS has forgotten that one.
    fn is_older(&self, last: &Found, known: u64) -> bool {
        last.sequence < known || (last.sequence == known && last.record.owner != self.alive.life)
    }

    /// The sequence of the last record of a room of this node that is known to be stored.
    fn last_stored(&self, room: &Arc<str>, epoch: u64) -> Option<u64> {
        self.alive.rooms().owned.get(room).filter(|owned| owned.epoch == epoch).map(|owned| owned.last)
    }

    fn is_shut(&self, room: &Arc<str>) -> bool {
        let mut rooms = self.alive.rooms();
        rooms.shut.retain(|_, until| *until > Instant::now());
        rooms.shut.contains_key(room)
    }

    fn shut(&self, room: &Arc<str>, useless: Useless) {
        let (why, sequence) = match useless {
            Useless::Unread => return,
            Useless::Malformed(sequence) => ("is of a later version, or damaged: update this node", sequence),
            Useless::Incomplete(sequence) => ("lacks pieces of its state: NATS was restored or its stream was changed", sequence),
        };
        let room_name = printable(room);
        tracing::error!(room = %room_name, "the record {sequence} of this room {why}; the room does not open here");
        self.keep_shut(room);
    }

    /// The room is not tried again for a while.
    pub(super) fn keep_shut(&self, room: &Arc<str>) {
        self.alive.rooms().shut.insert(Arc::clone(room), Instant::now() + SHUT);
    }

    fn tell(&self, room: &str, news: News) {
        if !self.alive.is_over() {
            self.core.inboxes.tell(room, news);
        }
    }
}
