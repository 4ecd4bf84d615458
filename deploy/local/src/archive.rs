//! Which package archive has the servers.

use std::fs;
use std::process::Command;

use crate::exec::output;

/// Which archive the private apt reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Archive {
    /// What the machine itself is configured to use.
    Own,
    /// Debian unstable, from the mirror that the machine already uses. Debian's stable releases
    /// have neither MySQL nor a new enough NATS server.
    Unstable {
        /// The mirror.
        uri: String,
    },
}

impl Archive {
    /// Which archive suits this machine, or why none does.
    pub(crate) fn of_this_machine() -> Result<Self, String> {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let debian = os_field(&release, "ID") == Some("debian");
        let targets = output(Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(RELEASE) $(COMPONENT) $(REPO_URI)",
            "Created-By: Packages",
        ]))?;
        if !debian {
            return Ok(Self::Own);
        }
        let codename = os_field(&release, "VERSION_CODENAME").unwrap_or("stable");
        mirror(&targets, codename)
            .map(|uri| Self::Unstable { uri })
            .ok_or_else(|| format!("no package source of {codename} main is configured"))
    }

    /// How messages call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Own => "the package sources of this machine",
            Self::Unstable { .. } => "Debian unstable",
        }
    }
}

/// Reads `KEY=value` or `KEY="value"` out of an os-release file.
fn os_field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
    line.map(|value| value.trim_matches('"'))
}

/// The mirror of the machine's own release; the security and third-party sources are no mirrors.
fn mirror(targets: &str, codename: &str) -> Option<String> {
    let names = [codename, "stable", "testing", "oldstable", "unstable", "sid"];
    let rows: Vec<Vec<&str>> = targets.lines().map(|l| l.split_whitespace().collect()).collect();
    names.iter().find_map(|name| {
        rows.iter().find_map(|row| match row.as_slice() {
            [release, "main", uri] if release == name => Some((*uri).to_owned()),
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_os_release() {
        let text = "PRETTY_NAME=\"x\"\nVERSION_ID=\"12\"\nID=debian\nVERSION_CODENAME=bookworm\n";
        assert_eq!(os_field(text, "ID"), Some("debian"));
        assert_eq!(os_field(text, "VERSION_CODENAME"), Some("bookworm"));
        assert_eq!(os_field(text, "NAME"), None);
    }

    #[test]
    fn takes_the_mirror_of_the_own_release() {
        let targets = "bookworm-security main http://a/sec\nstable main http://third/x\n\
                       bookworm contrib http://a/d\nbookworm main http://a/debian\n";
        assert_eq!(mirror(targets, "bookworm").as_deref(), Some("http://a/debian"));
        assert_eq!(mirror("stable main http://a/d\n", "bookworm").as_deref(), Some("http://a/d"));
        assert_eq!(mirror("nodistro main http://n/\n", "bookworm"), None);
    }
}
