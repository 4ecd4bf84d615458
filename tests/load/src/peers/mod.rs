//! What people would pick instead, as servers of their own.

mod nchan;
mod node;

pub(crate) use nchan::Nchan;
pub(crate) use node::{Node, NodeOptions, NodeProgram};

use anyhow::{Context, Result, ensure};
use std::{path::PathBuf, process::Command};

/// A folder for what is fetched once and kept.
fn cache(name: &str) -> Result<PathBuf> {
    let folder = local_servers::cache_dir().context("there is no home folder to keep it in")?.join("bench").join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}

/// Runs a command to its end; its last words are part of the error.
fn done(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("`{name}` cannot be run"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{name}` has ended with {}: {}", output.status, said.trim());
    Ok(())
}
