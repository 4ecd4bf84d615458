//! `member.joined`: the one event that this service writes. Nobody else can know that who was invited is
//! who has accepted.

use domain::{
    envelope::{Actor, ActorKind, Metadata},
    event::Event,
    ids::{FeedId, MemberId, TenantId},
    refusal::Refusal,
    staff::{Grants, MemberState},
    stream::StreamId,
    tenants::{TenantCommand, TenantRequest},
};
use event_store::committer::{Answer, Committers, Decision, Facts, Stop, StreamRead, Submission, SubmitError, UseCase};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Who the receipt belongs to; no token has such a `sub`.
const PRINCIPAL: &str = "identity service";

struct Join {
    tenant: TenantId,
    member: MemberId,
}

/// Writes that a member has joined. Who has joined already stays so; who was sent away cannot.
pub(crate) async fn submit(committers: &Committers, tenant: TenantId, member: MemberId) -> Result<bool, SubmitError> {
    let key = format!("join {member}");
    let command_id = Uuid::now_v7();
    let submission = Submission {
        feed: FeedId::from(tenant),
        tenant,
        creates_feed: false,
        principal: PRINCIPAL.to_owned(),
        request_hash: Sha256::digest(&key).into(),
        idempotency_key: key,
        command_id,
        metadata: Metadata {
            actor: Actor { kind: ActorKind::Staff, id: member.to_string() },
            correlation_id: command_id.to_string(),
            causation_id: command_id,
            traceparent: None,
            means: None,
        },
        use_case: Box::new(Join { tenant, member }),
    };
    Ok(committers.submit(submission).await?.answer.status == 200)
}

impl UseCase for Join {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(StreamId::from(self.tenant))]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = TenantCommand { holds: Grants::default(), request: TenantRequest::Join(self.member) };
        let addressed = StreamId::from(self.tenant);
        let events = facts.tenant(self.tenant)?.decide(command)?;
        let events = events.into_iter().map(|event| (addressed, Event::from(event))).collect();
        Ok(Decision {
            addressed,
            events,
            claims: Vec::new(),
            status: 200,
            location: None,
            extras: serde_json::Map::new(),
        })
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        let has_joined = matches!(refusal, Refusal::MemberState { state } if *state == MemberState::Active.as_str());
        // Not 409: that would be kept, and a member who is invited again could never join.
        Answer { status: if has_joined { 200 } else { 422 }, location: None, body: bytes::Bytes::new() }
    }
}
