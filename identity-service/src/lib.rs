//! Accounts, log-in, keys and revocation.
