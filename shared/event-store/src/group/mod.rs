//! Several servers in a group, of which one takes writes: MySQL Group Replication with a single primary.
//!
//! An address may list the members. Then everything is read and written at the primary, and whoever holds a
//! connection to another one does not get it: each member is asked twice a second whom it sees, and a server
//! counts as the primary only while [more than half](sight) agree and did so within the last 3 s. That rules
//! out what a plain look at the server itself cannot: one that was frozen, has a successor by now, and for a
//! few seconds after it was thawed answers reads as if it were still in charge. (Its writes are refused by
//! the group in any case.)
//!
//! An address with one server has nothing of this: no questions, no further statements.

mod addresses;
mod lookout;
mod sight;

use crate::pool::connect_options;
use sight::Look;
pub(crate) use sight::Primary;
use sqlx::{Executor, MySqlConnection, Row, mysql::MySqlConnectOptions};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::timeout};
use tokio_util::task::AbortOnDropHandle;

/// The servers of one address.
#[derive(Debug, Clone)]
pub(crate) enum Servers {
    /// One, which is used whatever it says.
    One(Box<MySqlConnectOptions>),
    /// Members of a group, and how each of them is connected to.
    Several(Arc<Group>, Vec<MySqlConnectOptions>),
}

impl Servers {
    /// The servers that the address lists. If it is several, they are asked from now on.
    ///
    /// # Errors
    /// When the address is malformed.
    pub(crate) fn of(url: &str) -> Result<Self, sqlx::Error> {
        let mut options =
            addresses::each(url)?.iter().map(|address| connect_options(address)).collect::<Result<Vec<_>, _>>()?;
        match options.len() {
            1 => Ok(Self::One(Box::new(options.swap_remove(0)))),
            _ => Ok(Self::Several(Group::of(&options), options)),
        }
    }

    /// Where to connect now, and the server's place in the list.
    ///
    /// # Errors
    /// When no primary is known within `limit`.
    pub(crate) async fn primary(&self, limit: Duration) -> Result<(usize, &MySqlConnectOptions), sqlx::Error> {
        match self {
            Self::One(options) => Ok((0, options)),
            Self::Several(group, options) => {
                let place = group.confirmed(limit).await?.place;
                Ok((place, &options[place]))
            }
        }
    }

    /// Whether a connection to the server at this place may still be used.
    pub(crate) fn is_primary(&self, place: usize) -> bool {
        match self {
            Self::One(_) => true,
            Self::Several(group, _) => group.primary().is_some_and(|primary| primary.place == place),
        }
    }
}

/// The address of the primary alone, from one that lists the members of its group; another one as it is.
///
/// # Errors
/// When the address is malformed, or no primary is known within `limit`.
pub async fn primary_url(url: &str, limit: Duration) -> Result<String, sqlx::Error> {
    let (place, _) = Servers::of(url)?.primary(limit).await.map(|(place, options)| (place, options.clone()))?;
    addresses::each(url).map(|mut each| each.swap_remove(place))
}

/// Members of a group that are asked who the primary is.
#[derive(Debug)]
pub(crate) struct Group {
    names: Vec<String>,
    looks: watch::Sender<Vec<Option<Look>>>,
    known: watch::Sender<Option<usize>>,
    lookouts: Mutex<Vec<AbortOnDropHandle<()>>>,
}

/// The groups that this process uses: everybody who lists the same servers shares the questions.
static GROUPS: Mutex<Vec<Weak<Group>>> = Mutex::new(Vec::new());

impl Group {
    fn of(servers: &[MySqlConnectOptions]) -> Arc<Self> {
        let names: Vec<_> = servers.iter().map(|it| format!("{}:{}", it.get_host(), it.get_port())).collect();
        let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
        groups.retain(|group| group.strong_count() > 0);
        if let Some(group) = groups.iter().filter_map(Weak::upgrade).find(|it| it.names == names && it.is_alive()) {
            return group;
        }
        let group = Arc::new(Self {
            looks: watch::Sender::new(vec![None; names.len()]),
            known: watch::Sender::new(None),
            names,
            lookouts: Mutex::default(),
        });
        let look_out = |(place, options): (usize, &MySqlConnectOptions)| {
            let asking = lookout::look_out(Arc::downgrade(&group), place, options.clone());
            AbortOnDropHandle::new(tokio::spawn(asking))
        };
        let lookouts = servers.iter().enumerate().map(look_out).collect();
        *group.lookouts.lock().unwrap_or_else(PoisonError::into_inner) = lookouts;
        groups.push(Arc::downgrade(&group));
        group
    }

    /// Whether its servers are still asked: not after the end of the runtime that it began on.
    fn is_alive(&self) -> bool {
        let lookouts = self.lookouts.lock().unwrap_or_else(PoisonError::into_inner);
        !lookouts.iter().any(AbortOnDropHandle::is_finished)
    }

    /// The primary, while there is no doubt.
    pub(crate) fn primary(&self) -> Option<Primary> {
        sight::primary(&self.looks.borrow(), Instant::now())
    }

    /// The primary, as soon as there is no doubt.
    pub(crate) async fn confirmed(&self, limit: Duration) -> Result<Primary, sqlx::Error> {
        let mut looks = self.looks.subscribe();
        let found = timeout(limit, looks.wait_for(|looks| sight::primary(looks, Instant::now()).is_some())).await;
        drop(found);
        self.primary().ok_or_else(|| doubt(&self.nobody()))
    }

    /// Where the primary was seen last, and each change of it.
    pub(crate) fn changes(&self) -> watch::Receiver<Option<usize>> {
        self.known.subscribe()
    }

    /// Proves that this connection leads to the primary, outside any transaction. A primary that hands over
    /// to another one at an operator's wish becomes read-only first.
    pub(crate) async fn prove(&self, connection: &mut MySqlConnection, limit: Duration) -> Result<(), sqlx::Error> {
        let primary = self.confirmed(limit).await?;
        let row = connection.fetch_one("ROLLBACK; SELECT @@super_read_only, CAST(@@server_uuid AS CHAR)").await?;
        let (read_only, id): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        if read_only == 0 && id == primary.id {
            return Ok(());
        }
        Err(doubt("a connection leads to a member of the group that is not its primary (any more)"))
    }

    fn note(&self, place: usize, look: Look) {
        self.looks.send_modify(|looks| looks[place] = Some(look));
        let found = self.primary().map(|primary| primary.place);
        let changed = self.known.send_if_modified(|known| {
            let changed = *known != found;
            *known = found;
            changed
        });
        if changed {
            self.tell(found);
        }
    }

    fn tell(&self, found: Option<usize>) {
        for (place, name) in self.names.iter().enumerate() {
            let server = name.clone();
            metrics::gauge!("mysql_primary", "server" => server).set(if found == Some(place) { 1.0 } else { 0.0 });
        }
        match found {
            Some(place) => {
                metrics::counter!("mysql_primary_changes_total").increment(1);
                tracing::info!(server = self.names[place], "the primary of the MySQL group is known");
            }
            None => tracing::warn!("{}", self.nobody()),
        }
    }

    /// Why nobody is known, server by server.
    fn nobody(&self) -> String {
        let looks = self.looks.borrow();
        let said = |look: &Option<Look>| match look {
            None => "not asked yet".to_owned(),
            Some(Look { asked, said }) => {
                let said = said.as_ref().map_or_else(Clone::clone, |sight| format!("it sees {}", sight.primary));
                format!("{said} ({:.1} s ago)", asked.elapsed().as_secs_f64())
            }
        };
        let each: Vec<_> =
            self.names.iter().zip(looks.iter()).map(|(name, look)| format!("{name}: {}", said(look))).collect();
        format!("no primary of the MySQL group is known: {}", each.join("; "))
    }
}

fn doubt(what: &str) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, what.to_owned()))
}
