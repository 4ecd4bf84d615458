//! Letters to those who were invited.

use crate::{
    mail::{Letter, Worker},
    rights::RightsBook,
};
use anyhow::Result;
use domain::{
    ids::{MemberId, TenantId},
    staff::MemberState,
};
use personal_data::{Field, PersonalKeys};
use uuid::Uuid;

/// Queues a letter for each of these who still waits for one. Who has joined, was sent away or forgotten
/// meanwhile gets none; the same event queues no second one.
pub(super) async fn queue(
    rights: &RightsBook,
    people: &PersonalKeys,
    mails: &Worker,
    tenant: TenantId,
    invited: &[(Uuid, MemberId)],
) -> Result<()> {
    if invited.is_empty() {
        return Ok(());
    }
    let standing = rights.standing(tenant).await?;
    let Some(roster) = standing.roster() else { return Ok(()) };
    // Whoever signed up is alone until they accept.
    let founds = roster.members.values().all(|member| !member.has_joined);
    let ids: Vec<Uuid> = invited.iter().map(|(_, member)| member.0).collect();
    let keys = people.find(tenant, &ids).await?;
    for (event, id) in invited {
        let member = roster.members.get(id).filter(|member| member.state == MemberState::Invited);
        let (Some(member), Some(key)) = (member, keys.get(&id.0)) else { continue };
        let Ok(email) = key.open(Field::Email, &member.email) else {
            tracing::error!(member = %id, "the address of an invitation cannot be read; nobody is written to");
            continue;
        };
        let letter = Letter::Invitation { email, business: roster.name.clone(), tenant, member: id.0, founds };
        mails.queue(*event, &letter).await?;
    }
    Ok(())
}
