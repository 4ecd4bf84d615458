//! `aris events show`

use super::{options::Show, output::line, sides::Sides, whereabouts::Whereabouts};
use anyhow::{Context, Result};
use domain::envelope::Means;
use serde_json::{Value, json};

pub(super) async fn run(sides: &Sides, options: &Show) -> Result<()> {
    let feed = options.restaurant;
    let event = sides.event(feed, options.position).await?;
    let link = sides.events.chain_link(feed, options.position).await?.context("the event is gone")?;
    let whereabouts = Whereabouts::of(sides, feed, event.cursor).await?;
    let envelope: Value = serde_json::from_slice(&event.envelope_json())
        .with_context(|| format!("the data is no JSON: run `aris verify --restaurant {feed}`"))?;
    if options.json {
        let hash = json!({"sha256": link.hash, "fits": link.fits});
        let (traceparent, means) = (&event.metadata.traceparent, &event.metadata.means);
        return line(
            &json!({
                "event": envelope, "traceparent": traceparent, "means": means, "hash": hash,
                "whereabouts": whereabouts.json(),
            })
            .to_string(),
        );
    }
    line(&serde_json::to_string_pretty(&envelope)?)?;
    if let Some(traceparent) = &event.metadata.traceparent {
        line(&format!("{:<18} {traceparent}", "traceparent"))?;
    }
    if let Some(Means { via, permission }) = &event.metadata.means {
        line(&format!("{:<18} {via}", "came with"))?;
        line(&format!("{:<18} {}", "right", permission.as_deref().unwrap_or("none")))?;
    }
    let fits = if link.fits { "fits the event and the one before it" } else { "does NOT fit: run `aris verify`" };
    line(&format!("{:<18} {} ({fits})", "hash", link.hash))?;
    whereabouts.lines().iter().try_for_each(|text| line(text))
}
