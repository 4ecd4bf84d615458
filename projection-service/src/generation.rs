//! Names of read models: a view, and which generation of its rows.

use std::fmt;

/// Which build of a view's rows: 1 came with the migrations, each rebuild makes the next one. A number
/// is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Generation(pub u32);

impl Generation {
    /// The one that came with the migrations.
    pub const FIRST: Self = Self(1);

    /// The name of a table in this generation: `orders` → `orders_v2`.
    pub(crate) fn table(self, base: &str) -> String {
        format!("{base}_v{}", self.0)
    }
}

/// A view in one generation, written `orders@2`: the key of checkpoints, parked events and leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Projection {
    /// Such as `orders`.
    pub view: &'static str,
    /// Which build of its rows.
    pub generation: Generation,
}

impl Projection {
    /// The projection with this name, if this build knows the view.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let (view, generation) = name.split_once('@')?;
        let view = crate::views::named(view)?;
        let generation = Generation(generation.parse().ok()?);
        Some(Self { view, generation }).filter(|projection| projection.to_string() == name)
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}@{}", self.view, self.generation.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_view_and_a_number() {
        let projection = Projection::from_name("orders@12").unwrap();
        assert_eq!((projection.view, projection.generation), ("orders", Generation(12)));
        assert_eq!(projection.to_string(), "orders@12");
        assert_eq!(projection.generation.table("order_lines"), "order_lines_v12");
        for wrong in ["orders", "orders@", "orders@x", "orders@01", "orders@+1", "nothing@1", "Orders@1", "orders@1@1"]
        {
            assert_eq!(Projection::from_name(wrong), None, "{wrong}");
        }
    }
}
