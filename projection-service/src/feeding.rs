//! Which generations this process keeps up to date: all that are live, ready or previous.
//!
//! The table `projections` is looked at each second, so a generation that a rebuild has finished is
//! followed without a restart, one that was switched out stays exact for a way back, and one that is on
//! its way out is let go.

use crate::{
    generation::Projection,
    generations,
    progress::Progress,
    runner::{self, Settings, heads::Heads, job::Context, live::Subscriptions},
    views,
};
use event_store::reader::EventReader;
use sqlx::MySqlPool;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// How often it is looked which generations there are.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keeps generations up to date.
pub(crate) struct Feeding {
    /// The read side, READ COMMITTED.
    pub(crate) pool: MySqlPool,
    /// The event side.
    pub(crate) reader: EventReader,
    /// Who waits for a position.
    pub(crate) progress: Arc<Progress>,
    /// Settings of each runner.
    pub(crate) settings: Settings,
    /// Live events.
    pub(crate) subscriptions: Arc<Subscriptions>,
    /// The heads of all feeds.
    pub(crate) heads: watch::Receiver<Heads>,
}

/// The runner of one generation. It only ends by itself when it broke; then it is started again.
struct Fed {
    end: CancellationToken,
    runner: JoinHandle<()>,
}

impl Feeding {
    /// Runs until shutdown, then waits for every runner.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut fed: HashMap<Projection, Fed> = HashMap::new();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = ticks.tick() => {}
            }
            match self.wanted().await {
                Ok(wanted) => self.change(&mut fed, &wanted, &shutdown),
                // What is fed goes on.
                Err(error) => tracing::warn!(error = %error, "it cannot be seen which generations there are"),
            }
        }
        for (_, fed) in fed {
            end(fed).await;
        }
    }

    async fn wanted(&self) -> Result<BTreeSet<Projection>, sqlx::Error> {
        let mut all = generations::all(&self.pool).await?;
        if views::ALL.iter().any(|view| all.iter().all(|entry| entry.projection.view != *view)) {
            generations::register(&self.pool).await?;
            all = generations::all(&self.pool).await?;
        }
        Ok(all.into_iter().filter(|entry| entry.status.is_fed()).map(|entry| entry.projection).collect())
    }

    fn change(&self, fed: &mut HashMap<Projection, Fed>, wanted: &BTreeSet<Projection>, shutdown: &CancellationToken) {
        fed.retain(|projection, fed| {
            let stays = wanted.contains(projection) && !fed.runner.is_finished();
            if !stays {
                tracing::info!(%projection, "no longer kept up to date by this runner");
                // Its running steps end by themselves; nobody waits for them.
                fed.end.cancel();
            }
            stays
        });
        for projection in wanted {
            fed.entry(*projection).or_insert_with(|| {
                tracing::info!(%projection, "kept up to date from now on");
                self.start(*projection, shutdown.child_token())
            });
        }
    }

    fn start(&self, projection: Projection, end: CancellationToken) -> Fed {
        let context = Arc::new(Context {
            view: views::of(projection),
            pool: self.pool.clone(),
            reader: self.reader.clone(),
            progress: Arc::clone(&self.progress),
        });
        let run = runner::run(
            context,
            self.settings.clone(),
            Arc::clone(&self.subscriptions),
            self.heads.clone(),
            end.clone(),
        );
        Fed { end, runner: tokio::spawn(run) }
    }
}

async fn end(fed: Fed) {
    fed.end.cancel();
    if let Err(error) = fed.runner.await {
        tracing::error!(error = %error, "a runner broke");
    }
}
