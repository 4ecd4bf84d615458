//! NATS: version, JetStream, the stream and its room.

use super::{LOOK_WITHIN, finding::Finding};
use async_nats::jetstream::{self, account::Account, stream};
use messaging::Namespace;
use tokio::time::timeout;

/// The oldest version that the relay is tried with.
const VERSION_MIN: (u32, u32) = (2, 11);
/// Of the room for JetStream, so many in a hundred may be used.
const STORAGE_USED_MAX: u64 = 85;

pub(super) async fn look(url: &str, namespace: &Namespace, findings: &mut Vec<Finding>) {
    const ABOUT: &str = "NATS";
    let client = match messaging::connect(url, "aris doctor").await {
        Ok(client) if messaging::is_connected(&client) => client,
        Ok(_) => return findings.push(Finding::wrong(ABOUT, "does not answer", "start it, or mend ARIS_NATS_URL")),
        Err(error) => return findings.push(Finding::wrong(ABOUT, error.to_string(), "mend ARIS_NATS_URL")),
    };
    findings.push(version(&client.server_info().version));
    let jetstream = jetstream::new(client);
    findings.push(match timeout(LOOK_WITHIN, jetstream.query_account()).await {
        Ok(Ok(account)) => storage(&account),
        Ok(Err(error)) => Finding::wrong("JetStream", error.to_string(), "start nats-server with a jetstream block"),
        Err(_) => Finding::wrong("JetStream", "does not answer", "see the log of nats-server"),
    });
    let name = namespace.stream_name();
    findings.push(match timeout(LOOK_WITHIN, jetstream.get_stream(&name)).await {
        Ok(Ok(stream)) => judge_stream(&stream.cached_info().config, is_clustered(stream.cached_info())),
        Ok(Err(_)) => Finding::wrong("stream", format!("{name} is not there"), "start a relay: it makes the stream"),
        Err(_) => Finding::wrong("stream", "no answer", "see the log of nats-server"),
    });
}

fn version(version: &str) -> Finding {
    const ABOUT: &str = "NATS version";
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if found < VERSION_MIN {
        Finding::wrong(ABOUT, version, "use NATS 2.11 or newer")
    } else {
        Finding::fine(ABOUT, version)
    }
}

fn storage(account: &Account) -> Finding {
    judge_storage(account.storage, account.limits.max_storage.unwrap_or(-1))
}

fn judge_storage(used: u64, limit: i64) -> Finding {
    const ABOUT: &str = "JetStream";
    let mebibytes = used >> 20;
    let Ok(limit) = u64::try_from(limit) else {
        return Finding::fine(ABOUT, format!("{mebibytes} MiB stored, no limit for the account"));
    };
    let seen = format!("{mebibytes} of {} MiB stored", limit >> 20);
    if used * 100 <= limit * STORAGE_USED_MAX {
        return Finding::fine(ABOUT, seen);
    }
    Finding::warning(ABOUT, seen, "raise the account's max_file, or lower the stream's max_bytes")
}

fn is_clustered(info: &stream::Info) -> bool {
    info.cluster.as_ref().is_some_and(|cluster| cluster.name.is_some())
}

fn judge_stream(config: &stream::Config, clustered: bool) -> Finding {
    const ABOUT: &str = "stream";
    let seen = format!(
        "{}: {:?}, {} copies, {} h, {} MiB",
        config.name,
        config.storage,
        config.num_replicas,
        config.max_age.as_secs() / 3600,
        config.max_bytes >> 20
    );
    if config.storage != stream::StorageType::File {
        return Finding::warning(ABOUT, seen, "keep it in files: a restart of NATS makes everyone read MySQL");
    }
    if config.discard != stream::DiscardPolicy::Old {
        return Finding::wrong(ABOUT, seen, "set its discard policy to old: a full stream stops publishing");
    }
    if clustered && config.num_replicas < 3 {
        let advice = "`nats stream edit` it to 3 replicas and set ARIS_NATS_REPLICAS=3: now it dies with its server";
        return Finding::warning(ABOUT, seen, advice);
    }
    Finding::fine(ABOUT, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn old_versions_and_full_stores_are_told() {
        assert_eq!((version("2.12.1").level, version("2.9.25").level), (Level::Fine, Level::Wrong));
        let levels = [(90, 100), (10, 100), (90, -1)].map(|(used, limit)| judge_storage(used, limit).level);
        assert_eq!(levels, [Level::Warning, Level::Fine, Level::Fine]);
    }

    #[test]
    fn a_stream_that_refuses_when_it_is_full_is_wrong() {
        let good = stream::Config { discard: stream::DiscardPolicy::Old, ..stream::Config::default() };
        let refusing = stream::Config { discard: stream::DiscardPolicy::New, ..good.clone() };
        let levels = (judge_stream(&good, false).level, judge_stream(&refusing, false).level);
        assert_eq!(levels, (Level::Fine, Level::Wrong));
    }

    #[test]
    fn one_copy_in_a_cluster_is_told() {
        let of = |num_replicas| {
            let config = stream::Config { num_replicas, discard: stream::DiscardPolicy::Old, ..Default::default() };
            judge_stream(&config, true).level
        };
        assert_eq!((of(1), of(3)), (Level::Warning, Level::Fine));
    }
}
