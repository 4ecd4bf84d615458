//! `aris forget`: erases a person, because they have the right to it; and again, where a backup has brought them back.

use crate::{
    cli::Forget,
    forgotten::{self, Forgotten},
    local::{Endpoints, access_of},
};
use anyhow::{Context, Result, bail};
use domain::{
    claims::ClaimKind,
    envelope::{Actor, ActorKind, Metadata},
    ids::{MemberId, TenantId},
    refusal::Refusal,
    staff::{Grants, MemberState},
    tenants::{Forgetter, TenantCommand, TenantRequest},
};
use event_store::{
    committer::{
        Answer, ClaimRead, CommitterConfig, Committers, Decision, Facts, Stop, StreamRead, Submission, UseCase,
    },
    pool::{self, Isolation},
    reader::EventReader,
    tenants::TenantDirectory,
};
use personal_data::keys;
use sqlx::MySqlPool;
use std::{collections::HashSet, path::Path, sync::Arc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Connections to the keys of people.
const CONNECTIONS: u32 = 2;
/// What the answers of the command mean: nobody sees them but this file.
const DONE: u16 = 200;
const DONE_BEFORE: u16 = 409;
const REFUSED: u16 = 404;

pub(crate) async fn run(options: Forget) -> Result<()> {
    let (writer_url, personal_url) = addresses(&options)?;
    if options.list {
        return list(&writer_url).await;
    }
    let people =
        pool::connect(&personal_url, Isolation::ReadCommitted, CONNECTIONS).await.context("ARIS_PERSONAL_URL")?;
    if let Some(file) = &options.replay {
        return replay(&writer_url, &people, file.as_deref()).await;
    }
    let person = options.person.context("name a person, --list or --replay")?;
    let mut tenants = match options.tenant {
        Some(tenant) => vec![tenant],
        None => keys::tenants_of(&people, person.0).await?,
    };
    if tenants.is_empty() {
        // Without a key only the events tell who it was.
        tenants = tenants_who_knew(&writer_url, person).await?;
    }
    if tenants.is_empty() {
        bail!("there is nobody with this id, and there never was: it is the `member_id` of GET /v1/staff");
    }
    for tenant in tenants {
        forget(&writer_url, &people, tenant, person).await?;
    }
    Ok(())
}

/// The tenants whose member this person is or was, by their events.
async fn tenants_who_knew(events_url: &str, person: MemberId) -> Result<Vec<TenantId>> {
    let events = pool::connect(events_url, Isolation::ReadCommitted, CONNECTIONS).await.context("ARIS_WRITER_URL")?;
    let (directory, mut found) = (TenantDirectory::new(EventReader::new(events.clone())), Vec::new());
    for tenant in forgotten::tenants(&events).await? {
        let at = directory.now(tenant).await?;
        let roster = at.as_ref().and_then(|at| at.roster());
        found.extend(roster.filter(|roster| roster.members.contains_key(&person)).map(|_| tenant));
    }
    Ok(found)
}

async fn list(writer_url: &str) -> Result<()> {
    let events = pool::connect(writer_url, Isolation::ReadCommitted, CONNECTIONS).await.context("ARIS_WRITER_URL")?;
    for one in forgotten::of_store(&events).await? {
        println!("{one}");
    }
    Ok(())
}

/// Forgets anew whoever the store or the file says was forgotten. Whoever runs it again does no harm.
async fn replay(writer_url: &str, people: &MySqlPool, file: Option<&Path>) -> Result<()> {
    let events = pool::connect(writer_url, Isolation::ReadCommitted, CONNECTIONS).await.context("ARIS_WRITER_URL")?;
    let kept = forgotten::of_store(&events).await?;
    let listed = file.map(forgotten::of_file).transpose()?.unwrap_or_default();
    let in_store: HashSet<_> = kept.iter().map(Forgotten::who).collect();
    let lost: Vec<_> = listed.into_iter().filter(|it| !in_store.contains(&it.who())).collect();
    let mut brought_back = 0;
    for one in &kept {
        brought_back += usize::from(keys::delete(people, one.tenant, one.person.0).await?);
    }
    println!("{} were forgotten by the store; {brought_back} of them had a key again, which is deleted", kept.len());
    for one in &lost {
        forget(writer_url, people, one.tenant, one.person).await?;
    }
    println!("{} were forgotten after the backup, by the list: they are forgotten anew", lost.len());
    Ok(())
}

/// The event first: who runs this again deletes the key if it ended in between.
async fn forget(writer_url: &str, people: &MySqlPool, tenant: TenantId, person: MemberId) -> Result<()> {
    let told = append(writer_url, tenant, person).await?;
    let deleted = keys::delete(people, tenant, person.0).await?;
    let told = match (told, deleted) {
        (Told::Stored, true) => "the event is stored; the key is deleted".to_owned(),
        (Told::Stored, false) => "the event is stored; there was no key any more".to_owned(),
        (Told::Before, true) => "was already forgotten; a key that was left is deleted".to_owned(),
        (Told::Before, false) => "was already forgotten".to_owned(),
        (Told::Refused(why), _) => bail!("{person} of tenant {tenant}: {why}"),
    };
    println!("{person} of tenant {tenant}: {told}");
    println!("leave backups of the table personal_keys that are older than this to nobody: they bring the key back");
    Ok(())
}

/// What became of the event.
enum Told {
    Stored,
    /// It was stored by an earlier call.
    Before,
    Refused(String),
}

async fn append(writer_url: &str, tenant: TenantId, person: MemberId) -> Result<Told> {
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
        DONE => Told::Stored,
        DONE_BEFORE => Told::Before,
        _ => Told::Refused(String::from_utf8_lossy(&answer.body).into_owned()),
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
        Ok(Decision { addressed, events, claims, status: DONE, location: None, extras: serde_json::Map::new() })
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        let is_done = matches!(refusal, Refusal::MemberState { state } if *state == MemberState::Forgotten.as_str());
        let status = if is_done { DONE_BEFORE } else { REFUSED };
        Answer { status, location: None, body: refusal.to_string().into() }
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
