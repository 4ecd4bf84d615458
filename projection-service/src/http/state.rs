//! What every handler has.

use crate::{
    audit::AuditError,
    generation::Generation,
    people::People,
    read::{ReadError, Reads, Stand},
};
use axum::extract::FromRef;
use domain::ids::{FeedId, RestaurantId, TenantId};
use event_store::{
    feeds::FeedDirectory,
    follow::FollowError,
    reader::EventReader,
    tenants::{TenantAt, TenantDirectory, TenantError},
};
use identity::Verifier;
use service_kit::{
    access::Restaurants,
    problem::{Code, Problem},
};
use sqlx::MySqlConnection;
use std::sync::Arc;

/// What every handler has. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) reads: Reads,
    pub(crate) feeds: Arc<FeedDirectory>,
    /// Tenants as they are now.
    pub(crate) tenants: Arc<TenantDirectory>,
    /// Names of people, where they may be read.
    pub(crate) people: People,
    /// For what is answered from the events themselves.
    pub(crate) events: EventReader,
    pub(crate) verifier: Verifier,
}

impl FromRef<AppState> for Verifier {
    fn from_ref(state: &AppState) -> Self {
        state.verifier.clone()
    }
}

impl Restaurants for AppState {
    async fn tenant_of(&self, restaurant: RestaurantId) -> Result<Option<TenantId>, Problem> {
        self.feeds.tenant_of_restaurant(restaurant).await.map_err(|error| Problem::store_unavailable(&error))
    }
}

impl AppState {
    /// What `query` reads from one moment of the view at or after `min_position`, and where that stands.
    pub(crate) async fn read<T>(
        &self,
        view: &'static str,
        feed: FeedId,
        min_position: u64,
        query: impl AsyncFnOnce(&mut MySqlConnection, Generation) -> Result<T, sqlx::Error>,
    ) -> Result<(Stand, T), Problem> {
        self.reads.read(view, feed, min_position, query).await.map_err(problem)
    }
}

impl AppState {
    /// The tenant as it is now; at least as new as `min_position`.
    pub(crate) async fn tenant(&self, tenant: TenantId, min_position: u64) -> Result<TenantAt, Problem> {
        let at = self.tenants.now(tenant).await.map_err(tenant_problem)?.ok_or_else(Problem::not_found)?;
        // It is read from the events: what was answered to a command is in it.
        match min_position.checked_sub(at.cursor.position) {
            None | Some(0) => Ok(at),
            Some(lag) => Err(problem(ReadError::Behind { lag })),
        }
    }
}

fn tenant_problem(error: TenantError) -> Problem {
    match error {
        TenantError::Follow(FollowError::Store(error)) => unavailable(error),
        error => Problem::internal(&error),
    }
}

fn problem(error: ReadError) -> Problem {
    match error {
        ReadError::Behind { lag } => Problem::new(Code::ProjectionBehind)
            .detail(format!("the view is {lag} events behind that position"))
            .fact("lag", lag),
        ReadError::Sql(error) => unavailable(error),
    }
}

/// The database did not answer.
#[expect(clippy::needless_pass_by_value, reason = "it comes out of an error that is taken apart")]
pub(super) fn unavailable(error: sqlx::Error) -> Problem {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            Problem::internal(&error)
        }
        _ => Problem::store_unavailable(&error),
    }
}

/// The event store gave no answer, or none that can be told.
pub(crate) fn audit_problem(error: AuditError) -> Problem {
    match error {
        AuditError::Sql(error) => unavailable(error),
        AuditError::Damaged { .. } => Problem::internal(&error),
        AuditError::Future { pointer, why } => Problem::invalid_field(pointer, why),
    }
}
