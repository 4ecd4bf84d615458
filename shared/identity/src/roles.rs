//! Role templates: the usual sets of permissions by the usual names.

pub use domain::staff::templates::{OWNER, TEMPLATES, permissions_of};
