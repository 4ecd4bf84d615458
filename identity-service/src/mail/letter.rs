//! What is to be written, and the words.

use crate::{email::Email, store::Purpose};
use domain::ids::TenantId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A letter to be written. It names an address, so it is kept sealed and never printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Letter {
    /// Somebody says that they have forgotten the password of this address.
    Forgotten { email: String },
    /// Somebody was invited to work for a tenant.
    Invitation {
        email: String,
        business: String,
        tenant: TenantId,
        member: Uuid,
        /// Whether they signed the tenant up: nobody works there yet.
        #[serde(default)]
        founds: bool,
    },
}

/// A letter in words.
pub(crate) struct Written {
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl Letter {
    /// Who it is for.
    pub(crate) fn to(&self) -> Option<Email> {
        match self {
            Self::Forgotten { email } | Self::Invitation { email, .. } => Email::parse(email),
        }
    }

    /// What the link in it is good for.
    pub(crate) fn purpose(&self) -> Purpose {
        match self {
            Self::Forgotten { .. } => Purpose::Reset,
            Self::Invitation { tenant, member, founds: true, .. } => {
                Purpose::SignUp { tenant: *tenant, member: *member }
            }
            Self::Invitation { tenant, member, .. } => Purpose::Invitation { tenant: *tenant, member: *member },
        }
    }

    /// The words, around this link. The token stands behind `#`, which browsers send to nobody.
    pub(crate) fn write(&self, public_url: &str, token: &str) -> Written {
        let base = public_url.trim_end_matches('/');
        match self {
            Self::Forgotten { .. } => Written {
                subject: "A new password for ArisGourmet".to_owned(),
                body: format!(
                    "Somebody asked for a new password for this address. If it was you, choose one within an hour:\n\n\
                     {base}/reset-password#{token}\n\n\
                     If it was not you, do nothing: your password stays as it is.\n"
                ),
            },
            Self::Invitation { business, .. } => Written {
                subject: format!("{} invites you to ArisGourmet", one_line(business)),
                body: format!(
                    "{} has invited you to work with ArisGourmet. Accept within 7 days:\n\n\
                     {base}/accept-invitation#{token}\n\n\
                     If you do not know them, do nothing.\n",
                    one_line(business)
                ),
            },
        }
    }
}

/// A name cannot add lines of its own to a mail.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_carries_its_link_and_no_name_breaks_its_lines() {
        let letter = Letter::Invitation {
            email: "ana@example.com".to_owned(),
            business: "Casa\r\nBcc: all@example.com".to_owned(),
            tenant: Uuid::nil().into(),
            member: Uuid::nil(),
            founds: false,
        };
        let written = letter.write("https://pos.example/", "t0k3n");
        assert!(written.body.contains("https://pos.example/accept-invitation#t0k3n\n"));
        assert!(!written.subject.contains('\n') && !written.body.contains("\nBcc"));
    }
}
