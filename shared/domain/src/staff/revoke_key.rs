//! A key is worthless from now on.

use super::{ApiKeyRevoked, Roster};
use crate::{ids::ApiKeyId, refusal::Refusal, tenants::TenantEvent};

pub(crate) fn revoke_key(roster: &Roster, key_id: ApiKeyId) -> Result<Vec<TenantEvent>, Refusal> {
    let key = roster.api_keys.get(&key_id).ok_or(Refusal::NotFound)?;
    if key.is_revoked {
        return Err(Refusal::ApiKeyRevoked);
    }
    Ok(vec![ApiKeyRevoked { key_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        refusal::Refusal,
        staff::ApiKeyRevoked,
        tenants::{Tenant, TenantCommand, TenantEvent, TenantRequest, examples::*},
        testing::{folded, given},
    };

    fn revoke(n: u128) -> TenantCommand {
        owner(TenantRequest::RevokeKey(key(n)))
    }

    fn revoked() -> TenantEvent {
        ApiKeyRevoked { key_id: key(1) }.into()
    }

    #[test]
    fn a_revoked_key_allows_nothing() {
        given::<Tenant>(house()).when(revoke(1)).then([revoked()]);
        let tenant: Tenant = folded(house_and([revoked()]));
        assert!(tenant.roster().unwrap().grants_of_key(key(1)).is_empty());
    }

    #[test]
    fn a_key_is_revoked_once() {
        given::<Tenant>(house_and([revoked()])).when(revoke(1)).refused(Refusal::ApiKeyRevoked);
        given::<Tenant>(house()).when(revoke(9)).refused(Refusal::NotFound);
    }
}
