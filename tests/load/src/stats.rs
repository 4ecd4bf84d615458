//! Medians and spreads.

/// What was measured, round by round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series(pub(crate) Vec<f64>);

impl Series {
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    pub(crate) fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn most(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::Series;

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(Series(vec![5.0, 1.0, 9.0]).median(), 5.0);
        assert_eq!(Series(vec![4.0, 1.0, 9.0, 6.0]).median(), 5.0);
        assert!(Series(vec![]).median().is_nan());
    }

    #[test]
    fn the_spread_is_what_was_seen() {
        let series = Series(vec![5.0, 1.0, 9.0]);
        assert_eq!((series.least(), series.most()), (1.0, 9.0));
    }
}
