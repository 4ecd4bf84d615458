//! A MySQL server as a member of a group (Group Replication with a single primary).

use std::fmt;

/// The user with which a member that joins gets from another one what it lacks.
const RECOVERY_USER: &str = "aris_recovery";

/// What a member of a group needs to know. All members have the same, but for `place` and `bootstraps`.
#[derive(Clone)]
pub struct MysqlGroup {
    /// The name of the group: a UUID.
    pub name: String,
    /// The ports of all members on 127.0.0.1. Each needs to be the [`port`](crate::MysqlOptions::port) of a
    /// server.
    pub ports: Vec<u16>,
    /// Which of them this one is, from 0.
    pub place: usize,
    /// Whether this one begins the group at its first start. Exactly one does; a later start joins like the
    /// others.
    pub bootstraps: bool,
    /// The password of the user with which members get from each other what they lack.
    pub recovery_password: String,
}

impl MysqlGroup {
    /// Arguments of `mysqld`. `loose` because the plugin that knows them is loaded by the first of them.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let seeds: Vec<_> = self.ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let own = seeds.get(self.place).cloned().unwrap_or_default();
        let on_or_off = |yes| if yes { "ON" } else { "OFF" };
        let group = [
            ("group-name", self.name.clone()),
            ("start-on-boot", "ON".to_owned()),
            ("bootstrap-group", on_or_off(self.bootstraps).to_owned()),
            ("communication-stack", "MYSQL".to_owned()),
            ("local-address", own),
            ("group-seeds", seeds.join(",")),
            ("recovery-get-public-key", "ON".to_owned()),
            ("single-primary-mode", "ON".to_owned()),
            // One that died does not hold up what the others agree on.
            ("paxos-single-leader", "ON".to_owned()),
            // A primary that has lost the others stops waiting for them, and says so.
            ("unreachable-majority-timeout", "10".to_owned()),
            ("exit-state-action", "READ_ONLY".to_owned()),
            // The new primary answers nobody before it has applied what the old one had acknowledged.
            ("consistency", "BEFORE_ON_PRIMARY_FAILOVER".to_owned()),
            ("member-expel-timeout", "5".to_owned()),
            // What a successor has to catch up with stays short.
            ("flow-control-applier-threshold", "1000".to_owned()),
            ("message-cache-size", "134217728".to_owned()),
        ];
        let group = group.iter().map(|(name, value)| format!("--loose-group-replication-{name}={value}"));
        let own = [
            format!("--server-id={}", self.place + 1),
            "--relay-log=relay".to_owned(),
            "--report-host=127.0.0.1".to_owned(),
            "--gtid-mode=ON".to_owned(),
            "--enforce-gtid-consistency=ON".to_owned(),
            "--plugin-load-add=group_replication.so".to_owned(),
        ];
        own.into_iter().chain(group).collect()
    }

    /// Statements of a start, before the group is joined. Afterwards only the group makes it writable.
    pub(crate) fn statements(&self) -> String {
        let (user, password) =
            (format!("'{RECOVERY_USER}'@'127.0.0.1'"), crate::mysql_command::quoted(&self.recovery_password));
        format!(
            "SET GLOBAL super_read_only=OFF;\n\
             CREATE USER IF NOT EXISTS {user} IDENTIFIED BY {password};\n\
             GRANT REPLICATION SLAVE, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO {user};\n\
             CHANGE REPLICATION SOURCE TO SOURCE_USER='{RECOVERY_USER}', SOURCE_PASSWORD={password} \
             FOR CHANNEL 'group_replication_recovery';\n\
             SET GLOBAL super_read_only=ON;\n"
        )
    }
}

/// Without the password.
impl fmt::Debug for MysqlGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlGroup")
            .field("name", &self.name)
            .field("ports", &self.ports)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
