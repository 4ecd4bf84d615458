//! Three MySQL servers in a group and three NATS servers in a cluster, for tests of what survives one of them.

use crate::{
    servers::{folder, servers},
    wait::wait_for,
};
use local_servers::{
    Binaries, MysqlGroup, MysqlOptions, MysqlServer, NatsCluster, NatsOptions, NatsServer, QuietProgress, free_port,
};
use sqlx::{Connection, MySqlConnection};
use std::{path::Path, time::Duration};
use tokio::time::timeout;

/// Servers of each kind: one of them may be gone.
pub const SERVERS: usize = 3;
/// How long the servers may take to find each other, on a busy machine.
const TOGETHER_WITHIN: Duration = Duration::from_secs(300);
/// How long one server may take to answer a question.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Running servers. They end, and their data goes, with the process.
pub struct Cluster {
    /// The members of the MySQL group.
    pub mysql: Vec<MysqlServer>,
    /// The servers of the NATS cluster; none where a test asked for MySQL alone.
    pub nats: Vec<NatsServer>,
}

/// A member of the group, as another one sees it.
struct Member {
    port: u16,
    /// ONLINE, RECOVERING, UNREACHABLE, …
    state: String,
    /// PRIMARY or SECONDARY.
    role: String,
}

impl Cluster {
    /// A group of three MySQL servers and a cluster of three NATS servers.
    ///
    /// # Panics
    /// When they cannot be started, or do not find each other.
    pub async fn start(name: &str) -> Self {
        let mut cluster = Self::of_mysql(name).await;
        let folder = folder(name);
        cluster.nats = blocking(move |binaries| start_nats(&binaries, &folder)).await;
        cluster
    }

    /// The MySQL servers alone.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn of_mysql(name: &str) -> Self {
        let options = members(&folder(name));
        let mut cluster = Self { mysql: Vec::new(), nats: Vec::new() };
        for (place, options) in options.into_iter().enumerate() {
            let start = move |binaries| MysqlServer::start(&binaries, options, &QuietProgress);
            cluster.mysql.push(blocking(start).await.unwrap_or_else(|error| panic!("{error}")));
            // The first one begins the group; others can join it then.
            if place == 0 {
                cluster.until_online(1).await;
            }
        }
        cluster.until_online(SERVERS).await;
        cluster
    }

    /// The address of the administrator, with all members of the group.
    #[must_use]
    pub fn admin_urls(&self) -> String {
        let ports: Vec<_> = self.mysql.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        format!("mysql://root@{}", ports.join(","))
    }

    /// The address of the NATS servers.
    #[must_use]
    pub fn nats_urls(&self) -> String {
        self.nats.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }

    /// Waits until so many members are online, one of them as the primary, and all of those say the same.
    ///
    /// # Panics
    /// When they are not in time.
    pub async fn until_online(&self, count: usize) {
        wait_for("the members of the group are online", TOGETHER_WITHIN, async || {
            let (mut agreed, mut why) = (Vec::new(), String::new());
            for server in &self.mysql {
                let Ok(seen) = look(server).await.inspect_err(|error| why.push_str(error)) else { continue };
                let online = seen.iter().filter(|member| member.state == "ONLINE").count();
                let primary = seen.iter().find(|member| member.role == "PRIMARY" && member.state == "ONLINE");
                agreed.extend(primary.filter(|_| online == count && seen.len() == count).map(|member| member.port));
            }
            let one = agreed.first().is_some_and(|first| agreed.iter().all(|port| port == first));
            if one && agreed.len() == count { Ok(()) } else { Err(format!("{agreed:?} of {count} {why}")) }
        })
        .await;
    }

    /// The place of the primary, as soon as a member that is online sees one.
    ///
    /// # Panics
    /// When there is none in time.
    pub async fn primary(&self) -> usize {
        wait_for("there is a primary", TOGETHER_WITHIN, async || {
            for server in &self.mysql {
                let seen = look(server).await.unwrap_or_default();
                let primary = seen.iter().find(|member| member.role == "PRIMARY" && member.state == "ONLINE");
                let place = primary.and_then(|it| self.mysql.iter().position(|server| server.port() == it.port));
                if let Some(place) = place {
                    return Ok(place);
                }
            }
            Err("nobody sees one".to_owned())
        })
        .await
    }

    /// Makes this member the primary, as somebody does before an upgrade. Ends when it is.
    ///
    /// # Panics
    /// When the group does not do it.
    pub fn hand_over_to(&self, place: usize) -> impl Future<Output = ()> + Send + 'static {
        let url = self.mysql[place].admin_url();
        let asking = async move {
            let mut connection = MySqlConnection::connect(&url).await?;
            let said = sqlx::query_scalar("SELECT CAST(group_replication_set_as_primary(@@server_uuid) AS CHAR)")
                .fetch_one(&mut connection)
                .await?;
            connection.close().await?;
            Ok::<String, sqlx::Error>(said)
        };
        async move {
            match timeout(TOGETHER_WITHIN, asking).await {
                Ok(Ok(said)) => println!("     {said}"),
                Ok(Err(error)) => panic!("the group does not hand over: {error}"),
                Err(_) => panic!("the group does not hand over in time"),
            }
        }
    }
}

/// Whom this member sees, or why it does not say.
async fn look(server: &MysqlServer) -> Result<Vec<Member>, String> {
    let asking = async {
        let mut connection = MySqlConnection::connect(&server.admin_url()).await?;
        let sql = "SELECT CAST(MEMBER_PORT AS SIGNED), CAST(MEMBER_STATE AS CHAR), CAST(MEMBER_ROLE AS CHAR) \
                   FROM performance_schema.replication_group_members";
        let rows: Vec<(i64, String, String)> = sqlx::query_as(sql).fetch_all(&mut connection).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(rows)
    };
    let rows = timeout(ANSWER_WITHIN, asking).await.map_err(|_| "no answer".to_owned())?;
    let member = |(port, state, role)| Some(Member { port: u16::try_from(port).ok()?, state, role });
    Ok(rows.map_err(|error| error.to_string())?.into_iter().filter_map(member).collect())
}

fn members(folder: &Path) -> Vec<MysqlOptions> {
    let name = uuid::Uuid::now_v7().to_string();
    let ports: Vec<_> = (0..SERVERS).map(|_| free_port().unwrap_or_else(|error| panic!("{error}"))).collect();
    let member = |place: usize| {
        let group = MysqlGroup {
            name: name.clone(),
            ports: ports.clone(),
            place,
            bootstraps: place == 0,
            recovery_password: "only-for-tests".to_owned(),
        };
        let options = MysqlOptions::throw_away(folder.join(format!("mysql-{place}")));
        MysqlOptions { port: Some(ports[place]), buffer_pool_size: "128M".to_owned(), group: Some(group), ..options }
    };
    (0..SERVERS).map(member).collect()
}

/// They are ready by themselves, and find each other afterwards.
fn start_nats(binaries: &Binaries, folder: &Path) -> Vec<NatsServer> {
    let ports: Vec<_> = (0..SERVERS).map(|_| free_port().unwrap_or_else(|error| panic!("{error}"))).collect();
    let start = |place: usize| {
        let cluster = NatsCluster { name: "test".to_owned(), ports: ports.clone(), place };
        let options = NatsOptions::throw_away(folder.join(format!("nats-{place}")));
        let options = NatsOptions { cluster: Some(cluster), ..options };
        NatsServer::start(binaries, options, &QuietProgress).unwrap_or_else(|error| panic!("{error}"))
    };
    (0..SERVERS).map(start).collect()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce(Binaries) -> T + Send + 'static) -> T {
    let all = tokio::task::spawn_blocking(move || work(servers().binaries.clone()));
    all.await.unwrap_or_else(|error| panic!("{error}"))
}
