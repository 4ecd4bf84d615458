//! What is counted, for whom, and how much of it there is.

use super::rate::{Rate, Setting};
use crate::config::{ConfigError, env_parsed};

macro_rules! budgets {
    ($($(#[doc = $doc:literal])+ $name:ident = $policy:literal, $setting:literal, $default:literal;)*) => {
        /// What is counted for one caller. The numbers are told in docs/operations.md, the reasons in
        /// docs/decisions.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Budget {
            $($(#[doc = $doc])+ #[doc = concat!("`", $setting, "`, `", $default, "` by default.")] $name,)*
        }

        impl Budget {
            /// Every budget; its place in this list is its number between instances.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in `RateLimit` headers, problems and metrics.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $policy,)* }
            }

            /// The variable that sets it.
            #[must_use]
            pub fn setting(self) -> &'static str {
                match self { $(Self::$name => $setting,)* }
            }

            /// What it is unless it is set, as a setting spells it.
            #[must_use]
            pub fn default_text(self) -> &'static str {
                match self { $(Self::$name => $default,)* }
            }
        }
    };
}

budgets! {
    /// What one guest asks.
    GuestRead = "guest-read", "ARIS_LIMIT_GUEST_READ", "120+10/s";
    /// What one guest does.
    GuestCommand = "guest-command", "ARIS_LIMIT_GUEST_COMMAND", "60+2/s";
    /// What one person who works there, or a screen in their name, asks.
    StaffRead = "staff-read", "ARIS_LIMIT_STAFF_READ", "2000+500/s";
    /// What one person who works there does.
    StaffCommand = "staff-command", "ARIS_LIMIT_STAFF_COMMAND", "1000+200/s";
    /// What one machine asks and does: the rate of its key counts, and this where it is lower.
    Machine = "machine", "ARIS_LIMIT_MACHINE", "1000+1000/s";
    /// Sockets that one holder of a token opens.
    Socket = "socket", "ARIS_LIMIT_SOCKET", "120+4/s";
    /// All that a tenant's people, guests and machines ask and do.
    Tenant = "tenant", "ARIS_LIMIT_TENANT", "5000+10000/s";
    /// What all guests at one address ask and do: a dining room behind one router.
    AddressGuests = "address-guests", "ARIS_LIMIT_ADDRESS_GUESTS", "3000+500/s";
    /// Sockets that are opened from one address, before their tokens are known.
    AddressSockets = "address-sockets", "ARIS_LIMIT_ADDRESS_SOCKETS", "3000+100/s";
    /// What is asked from one address where no token is needed, or with one that has just ended.
    AddressOpen = "address-open", "ARIS_LIMIT_ADDRESS_OPEN", "600+10/s";
    /// What is asked from one address without the token that it needs, or where nothing is.
    AddressUnknown = "address-unknown", "ARIS_LIMIT_ADDRESS_UNKNOWN", "100+100/min";
}

impl Budget {
    /// Whether it is counted for an address, not for the holder of a token.
    #[must_use]
    pub fn is_of_address(self) -> bool {
        matches!(self, Self::AddressGuests | Self::AddressSockets | Self::AddressOpen | Self::AddressUnknown)
    }

    pub(super) fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// A rate for each budget, or none where it is off.
#[derive(Debug, Clone)]
pub struct Rates(Vec<Option<Rate>>);

impl Default for Rates {
    fn default() -> Self {
        Self(Budget::ALL.iter().map(|budget| budget.default_text().parse().ok()).collect())
    }
}

impl Rates {
    /// The settings from the environment.
    ///
    /// # Errors
    /// `Invalid` where one is neither a rate nor `off`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let rates = Budget::ALL.iter().map(|budget| {
            let default = Setting(budget.default_text().parse().ok());
            Ok(env_parsed(budget.setting(), default, "rate like `120+10/s`, and not `off`")?.0)
        });
        Ok(Self(rates.collect::<Result<_, _>>()?))
    }

    /// The same with another rate for this budget; `None` takes it away.
    #[must_use]
    pub fn with(mut self, budget: Budget, rate: Option<Rate>) -> Self {
        self.0[usize::from(budget.number())] = rate;
        self
    }

    /// The rate of this budget.
    #[must_use]
    pub fn of(&self, budget: Budget) -> Option<Rate> {
        self.0.get(usize::from(budget.number())).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_budget_has_a_sound_default_and_a_number() {
        let rates = Rates::default();
        for budget in Budget::ALL {
            assert!(rates.of(*budget).is_some(), "{budget:?}");
            assert_eq!(Budget::from_number(budget.number()), Some(*budget));
        }
        assert_eq!(Budget::from_number(200), None);
    }

    #[test]
    fn a_budget_can_be_switched_off() {
        let rates = Rates::default().with(Budget::Tenant, None);
        assert_eq!(rates.of(Budget::Tenant), None);
        assert!(rates.of(Budget::Socket).is_some());
    }
}
