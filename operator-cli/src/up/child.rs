//! The processes of the services.

use crate::cli::{Log, ServiceName};
use anyhow::{Context, Result, bail};
use futures::future::{join_all, select_all};
use local_servers::{Progress, TerminalProgress};
use std::{process::Stdio, time::Duration};
use tokio::{
    process::{ChildStdin, Command},
    time::{Instant, sleep, timeout},
};

/// How long a service may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long a service may take to finish what it took in.
const END_WITHIN: Duration = Duration::from_secs(45);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// A running `aris serve`.
pub(super) struct Child {
    name: &'static str,
    url: String,
    process: tokio::process::Child,
    /// The child ends when this end of the pipe is gone, also when this process is killed.
    lifeline: Option<ChildStdin>,
}

impl Child {
    pub(super) fn start(
        service: ServiceName,
        url: &str,
        environment: &[(&'static str, String)],
        log: Log,
    ) -> Result<Self> {
        let listen = url.trim_start_matches("http://");
        let log = if log == Log::Json { "json" } else { "pretty" };
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", service.as_str(), "--listen", listen, "--log", log, "--until-stdin-ends"])
            .envs(environment.iter().cloned())
            .stdin(Stdio::piped())
            // Ctrl-C reaches this process only, which then ends the services in their order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("the {} process cannot be started", service.as_str()))?;
        let lifeline = process.stdin.take();
        Ok(Self { name: service.as_str(), url: url.to_owned(), process, lifeline })
    }

    async fn until_ready(&mut self) -> Result<()> {
        let client = reqwest::Client::new();
        let end = Instant::now() + READY_WITHIN;
        let mut seen = "no answer".to_owned();
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait()? {
                bail!("the {} process ended with {status}; its last lines above say why", self.name);
            }
            match client.get(format!("{}/readyz", self.url)).timeout(LOOK * 20).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => seen = answer.text().await.unwrap_or_default(),
                Err(_) => {}
            }
            sleep(LOOK).await;
        }
        bail!("the {} service is not ready after {READY_WITHIN:?}: {seen}", self.name)
    }

    async fn end(mut self) {
        // The end of the pipe tells it to end; nothing is cut off.
        self.lifeline = None;
        if timeout(END_WITHIN, self.process.wait()).await.is_err() {
            eprintln!("the {} process does not end; it is killed, which loses nothing acknowledged", self.name);
            let _ = self.process.kill().await;
        }
    }
}

/// Waits until all are ready to serve.
pub(super) async fn all_ready(children: &mut [Child]) -> Result<()> {
    TerminalProgress.step("starting the services");
    for result in join_all(children.iter_mut().map(Child::until_ready)).await {
        result?;
    }
    TerminalProgress.done("services are ready");
    Ok(())
}

/// Waits until one ends by itself, which none should; tells which, and how.
pub(super) async fn first_to_end(children: &mut [Child]) -> String {
    let ends = children.iter_mut().map(|child| {
        Box::pin(async move {
            let how = child.process.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
            format!("the process `aris serve {}` has ended ({how})", child.name)
        })
    });
    select_all(ends).await.0
}

/// Ends all, politely.
pub(super) async fn end_all(children: Vec<Child>) {
    join_all(children.into_iter().map(Child::end)).await;
}
