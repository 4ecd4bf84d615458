//! The configuration of the private apt.

use std::path::Path;

pub(crate) fn settings(dir: &Path) -> String {
    let dir = dir.display();
    let user = crate::exec::user_name().unwrap_or_else(|_| "root".to_owned());
    // The hooks would touch the machine's own caches. The sandbox user could not write here.
    format!(
        r#"Dir::State "{dir}";
Dir::State::lists "{dir}/lists";
Dir::State::status "{dir}/status";
Dir::Cache "{dir}";
Dir::Cache::archives "{dir}/archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
APT::Sandbox::User "{user}";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"#
    )
}

pub(crate) fn only_our_sources(dir: &Path) -> String {
    let dir = dir.display();
    // Preferences of the machine may forbid unstable: rightly, for what is installed there.
    format!(
        r#"Dir::Etc::sourcelist "{dir}/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "{dir}/no-preferences";
Dir::Etc::preferencesparts "-";
APT::Default-Release "";
"#
    )
}

/// Names the archive's keys, where they lie in their usual file; otherwise apt's trusted keys count.
pub(crate) fn signed_by() -> String {
    let names = ["pgp", "gpg"].map(|ext| format!("/usr/share/keyrings/debian-archive-keyring.{ext}"));
    let found = names.into_iter().find(|name| Path::new(name).exists());
    found.map(|name| format!("[signed-by={name}] ")).unwrap_or_default()
}
