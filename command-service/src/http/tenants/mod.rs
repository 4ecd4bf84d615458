//! Tenants.

pub(super) mod sign_up;
