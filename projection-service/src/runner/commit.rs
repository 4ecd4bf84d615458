//! One batch of one feed in one transaction: the checkpoint first, then the rows.

use super::{
    checkpoint::{self, Checkpoint},
    parking::{self, Parking},
    poison::{self, CauseClass},
    tx,
};
use crate::views::{ApplyError, Fact, View};
use domain::{envelope::RecordedEvent, ids::FeedId};
use failpoints::failpoint;
use sqlx::{MySqlConnection, MySqlPool};
use std::collections::HashSet;
use uuid::Uuid;

/// What came of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Committed {
    /// The projection stands here now.
    To(Checkpoint),
    /// Another projector was faster: nothing was changed, and the checkpoint must be read again.
    Lost,
}

/// What came of one try.
enum Tried {
    Committed(Committed),
    /// An event of the batch cannot be applied; nothing was changed.
    Poison(CauseClass, ApplyError),
}

/// Applies batches of one projection.
pub(crate) struct Committer<'a> {
    pub(crate) pool: &'a MySqlPool,
    pub(crate) view: &'a dyn View,
    pub(crate) feed: FeedId,
    /// Positions that somebody decided to leave out for good.
    pub(crate) left_out: &'a HashSet<u64>,
}

impl Committer<'_> {
    /// Applies events that follow `from` without a hole. An event that can never be applied is
    /// parked with all that follows in its aggregate; nothing is skipped.
    ///
    /// # Errors
    /// One that may pass. Where the projection stands is then unknown: read the checkpoint again.
    pub(crate) async fn commit(&self, from: Checkpoint, events: &[RecordedEvent]) -> Result<Committed, sqlx::Error> {
        match self.attempt(from, events).await? {
            Tried::Committed(committed) => Ok(committed),
            Tried::Poison(class, cause) => match events {
                [event] => self.park(from, event, class, &cause).await,
                _ => self.commit_halves(from, events).await,
            },
        }
    }

    /// Finds the culprit of a batch: its halves, each by itself.
    async fn commit_halves(&self, from: Checkpoint, events: &[RecordedEvent]) -> Result<Committed, sqlx::Error> {
        let (first, second) = events.split_at(events.len() / 2);
        match Box::pin(self.commit(from, first)).await? {
            Committed::To(at) => Box::pin(self.commit(at, second)).await,
            Committed::Lost => Ok(Committed::Lost),
        }
    }

    async fn attempt(&self, from: Checkpoint, events: &[RecordedEvent]) -> Result<Tried, sqlx::Error> {
        let Some(last) = events.last() else { return Ok(Tried::Committed(Committed::To(from))) };
        let mut tx = tx::begin(self.pool).await?;
        if !checkpoint::advance(&mut tx, self.view.projection(), self.feed, from, last.cursor).await? {
            tx.rollback().await?;
            return Ok(Tried::Committed(Committed::Lost));
        }
        failpoint!("projection.advanced").map_err(sqlx::Error::Io)?;
        let (facts, parking) = self.sort(&mut tx, from, events).await?;
        if let Err(error) = self.view.apply(&mut tx, &facts).await {
            tx.rollback().await?;
            return match (poison::class_of(&error), error) {
                (Some(class), error) => Ok(Tried::Poison(class, error)),
                (None, ApplyError::Sql(error)) => Err(error),
                (None, misfit) => Ok(Tried::Poison(CauseClass::Unappliable, misfit)),
            };
        }
        let parked = self.store_parked(&mut tx, from, &parking).await?;
        failpoint!("projection.before-commit").map_err(sqlx::Error::Io)?;
        tx.commit().await?;
        parking::report(self.view.projection(), self.feed, &parking);
        Ok(Tried::Committed(Committed::To(Checkpoint { cursor: last.cursor, parked })))
    }

    /// Decodes what can be applied; the rest is to be parked.
    async fn sort<'e>(
        &self,
        tx: &mut MySqlConnection,
        from: Checkpoint,
        events: &'e [RecordedEvent],
    ) -> Result<(Vec<Fact>, Vec<Parking<'e>>), sqlx::Error> {
        let mut parked = HashSet::new();
        if from.parked > 0 {
            let aggregates: HashSet<Uuid> = events.iter().map(|event| event.aggregate_id).collect();
            parked = parking::parked_among(tx, self.view.projection(), self.feed, &aggregates).await?;
        }
        let (mut facts, mut parking) = (Vec::with_capacity(events.len()), Vec::new());
        for event in events.iter().filter(|event| !self.left_out.contains(&event.cursor.position)) {
            if parked.contains(&event.aggregate_id) {
                let cause = "an earlier event of its aggregate is parked".to_owned();
                parking.push(Parking { event, class: CauseClass::Behind, cause });
                continue;
            }
            match Fact::of(event) {
                Ok(fact) => facts.push(fact),
                Err(error) => {
                    parked.insert(event.aggregate_id);
                    parking.push(Parking { event, class: CauseClass::Undecodable, cause: error.to_string() });
                }
            }
        }
        Ok((facts, parking))
    }

    async fn park(
        &self,
        from: Checkpoint,
        event: &RecordedEvent,
        class: CauseClass,
        cause: &ApplyError,
    ) -> Result<Committed, sqlx::Error> {
        let mut tx = tx::begin(self.pool).await?;
        if !checkpoint::advance(&mut tx, self.view.projection(), self.feed, from, event.cursor).await? {
            tx.rollback().await?;
            return Ok(Committed::Lost);
        }
        let parking = [Parking { event, class, cause: cause.to_string() }];
        let parked = self.store_parked(&mut tx, from, &parking).await?;
        tx.commit().await?;
        parking::report(self.view.projection(), self.feed, &parking);
        Ok(Committed::To(Checkpoint { cursor: event.cursor, parked }))
    }

    /// Stores the parked events; answers how many the feed has now.
    async fn store_parked(
        &self,
        tx: &mut MySqlConnection,
        from: Checkpoint,
        parking: &[Parking<'_>],
    ) -> Result<u32, sqlx::Error> {
        if parking.is_empty() {
            return Ok(from.parked);
        }
        let parked = from.parked.saturating_add(u32::try_from(parking.len()).unwrap_or(u32::MAX));
        parking::park(tx, self.view.projection(), self.feed, parking).await?;
        checkpoint::set_parked(tx, self.view.projection(), self.feed, parked).await?;
        Ok(parked)
    }
}
