//! `aris forget`: erases a person, because they have the right to it.

use crate::{
    cli::Forget,
    local::{Endpoints, access_of},
};
use anyhow::{Context, Result, bail};
use domain::{
    claims::ClaimKind,
    envelope::{Actor, ActorKind, Metadata},
    ids::{MemberId, TenantId},
    refusal::Refusal,
    staff::Grants,
    tenants::{Forgetter, TenantCommand, TenantRequest},
};
use event_store::{
    committer::{
        Answer, ClaimRead, CommitterConfig, Committers, Decision, Facts, Stop, StreamRead, Submission, UseCase,
    },
    pool::{self, Isolation},
};
use personal_data::keys;
use sqlx::MySqlPool;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Connections to the keys of people.
const CONNECTIONS: u32 = 2;

pub(crate) async fn run(options: Forget) -> Result<()> {
    let (writer_url, personal_url) = addresses(&options)?;
    let people =
        pool::connect(&personal_url, Isolation::ReadCommitted, CONNECTIONS).await.context("ARIS_PERSONAL_URL")?;
    let tenants = match options.tenant {
        Some(tenant) => vec![tenant],
        None => keys::tenants_of(&people, options.person.0).await?,
    };
    if tenants.is_empty() {
        bail!("nobody with this id can be read: they were forgotten already, or never there");
    }
    for tenant in tenants {
        forget(&writer_url, &people, tenant, options.person).await?;
    }
    Ok(())
}

/// The event first: who runs this again deletes the key if it ended in between.
async fn forget(writer_url: &str, people: &MySqlPool, tenant: TenantId, person: MemberId) -> Result<()> {
    let told = append(writer_url, tenant, person).await?;
    let deleted = keys::delete(people, tenant, person.0).await?;
    let key = if deleted { "the key is deleted" } else { "there was no key any more" };
    println!("{person} of tenant {tenant}: {told}; {key}");
    println!("leave backups of the table personal_keys that are older than this to nobody: they bring the key back");
    Ok(())
}

async fn append(writer_url: &str, tenant: TenantId, person: MemberId) -> Result<String> {
    let shutdown = CancellationToken::new();
    // The relay looks into the outbox by itself a moment later.
    let committers = Committers::start(CommitterConfig::new(writer_url), Arc::new(|_| {}), shutdown.clone())?;
    let command_id = Uuid::now_v7();
    let actor = Actor { kind: ActorKind::System, id: "aris-forget".to_owned() };
    let correlation_id = format!("aris-forget-{command_id}");
    let submission = Submission {
        feed: tenant.into(),
        tenant,
        creates_feed: false,
        principal: actor.id.clone(),
        idempotency_key: command_id.to_string(),
        request_hash: [0; 32],
        command_id,
        metadata: Metadata { actor, correlation_id, causation_id: command_id, traceparent: None, means: None },
        use_case: Box::new(ForgetPerson { tenant, person }),
    };
    let reply = committers.submit(submission).await;
    shutdown.cancel();
    committers.stopped().await;
    let answer = reply?.answer;
    Ok(match answer.status {
        200 => "the event is stored".to_owned(),
        _ => format!("no event was stored ({})", String::from_utf8_lossy(&answer.body)),
    })
}

struct ForgetPerson {
    tenant: TenantId,
    person: MemberId,
}

impl UseCase for ForgetPerson {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.tenant.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        vec![ClaimRead::Prefix(ClaimKind::MemberAddress, String::new())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let request = TenantRequest::Forget(self.person, Forgetter::Operator);
        let events = facts.tenant(self.tenant)?.decide(TenantCommand { holds: Grants::unlimited(), request })?;
        let addressed = self.tenant.into();
        let claims = facts.release_all_of(ClaimKind::MemberAddress, self.person.0);
        let events = events.into_iter().map(|event| (addressed, event.into())).collect();
        Ok(Decision { addressed, events, claims, status: 200, location: None, extras: serde_json::Map::new() })
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        Answer { status: 404, location: None, body: refusal.to_string().into() }
    }
}

fn addresses(options: &Forget) -> Result<(String, String)> {
    if let (Some(writer), Some(personal)) = (&options.writer_url, &options.personal_url) {
        return Ok((writer.clone(), personal.clone()));
    }
    let local = &options.place.local;
    let access = access_of(local, Endpoints::read(local)?.mysql_port)?;
    Ok((access.writer, access.personal))
}
