//! From events to revocations.

use super::matters_until;
use crate::rights::{RightsBook, Standing};
use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::{
    dining::SessionEvent,
    event::Event,
    ids::{FeedId, MemberId, TenantId},
    staff::{Assignment, At},
    tenants::TenantEvent,
};
use event_store::{
    pool::{READ_WITHIN, within},
    reader::EventReader,
};
use identity::revocation::{Entry, Revoked};
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

/// The events that something follows from.
pub(super) const TYPES: [&str; 10] = [
    "member.invited",
    "member.invitation-renewed",
    "table-session.closed",
    "table-session.left",
    "member.roles-changed",
    "member.deactivated",
    "member.forgotten",
    "role.changed",
    "restaurant-group.restaurant-removed",
    "api-key.revoked",
];

/// What follows from a part of a feed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Consequences {
    /// What is taken back.
    pub(crate) entries: Vec<(Revoked, Entry)>,
    /// Members whose way in is deleted.
    pub(crate) forgotten: Vec<(TenantId, Uuid)>,
    /// Who is to get an invitation, and the event that says so.
    pub(crate) invited: Vec<(Uuid, MemberId)>,
}

/// What follows from the events of a part of a feed.
pub(super) async fn of(
    reader: &EventReader,
    rights: &RightsBook,
    (tenant, feed): (TenantId, FeedId),
    after: u64,
    to: u64,
) -> Result<Consequences> {
    // One range of the clustered key; MySQL sends only what matters.
    let mut query = QueryBuilder::new(
        "SELECT position, event_id, type, schema_version, recorded_at, payload FROM events WHERE feed_id = ",
    );
    query.push_bind(feed.0).push(" AND position > ").push_bind(after).push(" AND position <= ").push_bind(to);
    query.push(" AND type IN (");
    let mut types = query.separated(", ");
    for event_type in TYPES {
        types.push_bind(event_type);
    }
    query.push(") ORDER BY position");
    let rows = within(READ_WITHIN, query.build().fetch_all(reader.pool())).await?;
    let (mut consequences, now) = (Consequences::default(), Utc::now());
    // Who has a role is asked of the tenant as it is now: who lost it since has an entry of their own.
    let standing =
        if rows.is_empty() || feed != FeedId::from(tenant) { None } else { Some(rights.standing(tenant).await?) };
    for row in rows {
        let payload: &[u8] = row.try_get("payload")?;
        let event = Event::decode(row.try_get("type")?, row.try_get("schema_version")?, payload)?;
        let invited = match &event {
            Event::Tenant(TenantEvent::MemberInvited(it)) => Some(it.member_id),
            Event::Tenant(TenantEvent::MemberInvitationRenewed(it)) => Some(it.member_id),
            _ => None,
        };
        if let Some(member) = invited {
            consequences.invited.push((row.try_get("event_id")?, member));
        }
        consequences.add(
            &event,
            tenant,
            standing.as_ref(),
            (row.try_get("position")?, row.try_get("recorded_at")?),
            now,
        );
    }
    Ok(consequences)
}

impl Consequences {
    /// Whether nothing follows.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.forgotten.is_empty() && self.invited.is_empty()
    }

    fn add(
        &mut self,
        event: &Event,
        tenant: TenantId,
        standing: Option<&Standing>,
        (position, recorded_at): (u64, DateTime<Utc>),
        now: DateTime<Utc>,
    ) {
        if let Event::Tenant(TenantEvent::MemberForgotten(it)) = event {
            self.forgotten.push((tenant, it.member_id.0));
        }
        let Some(until) = matters_until(recorded_at, now) else { return };
        let below = |member: Uuid| (Revoked::Member(member), Entry::below(position, until));
        match event {
            Event::TableSession(SessionEvent::Closed(it)) => {
                self.entries.push((Revoked::TableSession(it.session_id), Entry::until(until)));
            }
            Event::TableSession(SessionEvent::Left(it)) => {
                self.entries.push((Revoked::Diner(it.diner_id), Entry::until(until)));
            }
            Event::Tenant(TenantEvent::MemberRolesChanged(it)) => self.entries.push(below(it.member_id.0)),
            Event::Tenant(TenantEvent::MemberDeactivated(it)) => self.entries.push(below(it.member_id.0)),
            Event::Tenant(TenantEvent::MemberForgotten(it)) => self.entries.push(below(it.member_id.0)),
            Event::Tenant(TenantEvent::RoleChanged(it)) => {
                self.entries.extend(members(standing, |has| has.role_id == it.role_id).map(below));
            }
            Event::Tenant(TenantEvent::RestaurantRemoved(it)) => {
                self.entries.extend(members(standing, |has| has.at == At::Group(it.group_id)).map(below));
            }
            Event::Tenant(TenantEvent::ApiKeyRevoked(it)) => {
                self.entries.push((Revoked::ApiKey(it.key_id.0), Entry::until(until)));
            }
            _ => {}
        }
    }
}

/// The members who have such a role.
fn members(standing: Option<&Standing>, which: impl Fn(&Assignment) -> bool) -> impl Iterator<Item = Uuid> {
    let all = standing.and_then(Standing::roster).into_iter().flat_map(|roster| &roster.members);
    all.filter(move |(_, member)| member.assignments.iter().any(&which)).map(|(id, _)| id.0)
}
