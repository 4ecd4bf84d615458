//! Ids in paths.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, RawPathParams};
use domain::ids::{
    ApiKeyId, DinerId, GroupId, ItemId, LineId, MemberId, OrderId, RestaurantId, RoleId, SessionId, TableId,
};
use http::request::Parts;
use uuid::Uuid;

/// An id that always has the same name in paths.
pub trait PathId: From<Uuid> + Send {
    /// The name, as in `/v1/restaurants/{restaurant}`.
    const NAME: &'static str;
}

macro_rules! path_ids {
    ($($id:ty = $name:literal),* $(,)?) => {$(
        impl PathId for $id {
            const NAME: &'static str = $name;
        }
    )*};
}

path_ids! {
    RestaurantId = "restaurant",
    TableId = "table",
    SessionId = "session",
    DinerId = "diner",
    OrderId = "order",
    LineId = "line",
    ItemId = "item",
    MemberId = "member",
    RoleId = "role",
    GroupId = "group",
    ApiKeyId = "key",
}

/// The id of this type in the path. Anything but a UUID in lower case with hyphens names nothing:
/// one spelling per id, as requests are told apart by their path.
///
/// # Errors
/// `not-found`.
#[derive(Debug, Clone, Copy)]
pub struct InPath<T>(pub T);

impl<T: PathId, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let text = parameters.iter().find(|(name, _)| *name == T::NAME).map(|(_, text)| text);
        text.and_then(canonical).map(|id| Self(id.into())).ok_or_else(Problem::not_found)
    }
}

fn canonical(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().to_string() == text).then_some(id)
}
