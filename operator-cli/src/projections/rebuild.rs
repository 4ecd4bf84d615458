//! `aris projections rebuild`

use super::{options::Rebuild, progress::Progress, switch};
use anyhow::Result;
use projection_service::rebuild::{self, Options, Phase, RebuildError, Sides};
use std::{collections::BTreeSet, mem::discriminant, process::ExitCode, time::Duration};
use tokio::sync::watch;
use uuid::Uuid;

/// How often progress is read from the checkpoints and shown.
const SHOW_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(sides: &Sides, options: &Rebuild) -> Result<ExitCode> {
    let views: BTreeSet<&'static str> =
        options.views.iter().map(|view| rebuild::view(view)).collect::<Result<_, RebuildError>>()?;
    let views: Vec<&'static str> = views.into_iter().collect();
    let (phase, mut seen) = watch::channel(Phase::default());
    let holds_back = !options.full_speed;
    let settings =
        Options { workers: usize::from(options.workers), passes: rebuild::PASSES_MAX, owner: owner(), holds_back };
    let mut progress = Progress::new(options.json);
    let building = rebuild::run(sides, &views, &settings, &phase);
    tokio::pin!(building);
    let mut step = discriminant(&seen.borrow().step);
    let built = loop {
        tokio::select! {
            built = &mut building => break built,
            () = tokio::time::sleep(SHOW_EVERY) => {}
            Ok(phase) = seen.wait_for(|phase| discriminant(&phase.step) != step) => step = discriminant(&phase.step),
        }
        let phase = seen.borrow().clone();
        // When it cannot be seen for a moment, the rebuild itself goes on.
        if let Ok(extents) = rebuild::extents(sides, &phase.projections).await {
            progress.show(&phase, &extents);
        }
    };
    let projections = match built {
        Ok(projections) => projections,
        Err(error) => {
            progress.end();
            return Err(error.into());
        }
    };
    progress.show_last(&seen.borrow().clone(), &rebuild::extents(sides, &projections).await?);
    for projection in projections {
        if options.switch {
            switch::switch(sides, &super::options::Switch::to(projection.view)).await?;
        } else {
            progress.say(&format!("{projection} is ready: `aris projections switch {}`", projection.view));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A name that says where this process is, and that no other has.
fn owner() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "rebuild".to_owned());
    let host: String = host.chars().filter(char::is_ascii).take(24).collect();
    let number = Uuid::new_v4().simple().to_string();
    format!("{host}-{}-{}", std::process::id(), &number[..12])
}
