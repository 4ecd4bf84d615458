//! How many, and how fast: a bucket that fills by itself.

use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

/// So many at once, and then so many in a time; `120+10/s` in settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    burst: u32,
    /// The time in which one more is earned, in nanoseconds; never 0.
    each: u64,
}

/// What is written in a setting: a rate, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting(pub(super) Option<Rate>);

/// A text that is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no rate like `120+10/s` or `100+100/min`")]
pub struct NoRate;

/// How a bucket stands after one was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many more could be taken now.
    pub left: u32,
    /// When it is full again, if nothing is taken.
    pub full_in: Duration,
}

/// The bucket is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Empty {
    /// When one can be taken.
    pub wait: Duration,
}

/// The most that a caller with a rate of its own has at once.
const OWN_BURST_MAX: u32 = 1_000;
/// Debts of more than so many buckets are forgiven: nobody waits for ever.
const DEBT_BUCKETS_MAX: u64 = 4;

/// A bucket, by the time at which it is full again; nanoseconds since the process started. A full
/// bucket is like one that was never used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    full_at: u64,
}

impl Rate {
    /// The rate of `burst` at once and then `count` in each `per`.
    #[must_use]
    pub fn new(burst: u32, count: u32, per: Duration) -> Option<Self> {
        let each = u64::try_from(per.as_nanos()).ok()?.checked_div(count.into())?;
        (burst > 0 && each > 0 && each.checked_mul(u64::from(burst) * DEBT_BUCKETS_MAX).is_some())
            .then_some(Self { burst, each })
    }

    /// The rate of a caller that may send so many requests in a minute: as many at once, up to a bound.
    #[must_use]
    pub fn per_minute(count: NonZeroU32) -> Option<Self> {
        Self::new(count.get().min(OWN_BURST_MAX), count.get(), Duration::from_secs(60))
    }

    /// The rate that gives what both would give.
    #[must_use]
    pub fn lower(self, other: Self) -> Self {
        Self { burst: self.burst.min(other.burst), each: self.each.max(other.each) }
    }

    /// How many at once.
    #[must_use]
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// How long an empty bucket takes to fill.
    #[must_use]
    pub fn window(self) -> Duration {
        Duration::from_nanos(self.capacity())
    }

    fn capacity(self) -> u64 {
        self.each.saturating_mul(self.burst.into())
    }
}

impl Bucket {
    /// Takes one, if there is one.
    pub(super) fn take(&mut self, rate: Rate, now: u64) -> Result<Standing, Empty> {
        let full_at = self.full_at.max(now).saturating_add(rate.each);
        let owed = full_at - now;
        if let Some(missing) = owed.checked_sub(rate.capacity()).filter(|missing| *missing > 0) {
            return Err(Empty { wait: Duration::from_nanos(missing) });
        }
        self.full_at = full_at;
        let left = u32::try_from((rate.capacity() - owed) / rate.each).unwrap_or(rate.burst);
        Ok(Standing { left, full_in: Duration::from_nanos(owed) })
    }

    /// Others took so many elsewhere. Never refused: it is a fact. What was taken beyond the bucket is
    /// owed.
    pub(super) fn owe(&mut self, rate: Rate, now: u64, taken: u32) {
        let full_at = self.full_at.max(now).saturating_add(rate.each.saturating_mul(taken.into()));
        self.full_at = full_at.min(now.saturating_add(rate.capacity().saturating_mul(DEBT_BUCKETS_MAX)));
    }

    /// Whether nothing is lost by forgetting it.
    pub(super) fn is_full(self, now: u64) -> bool {
        self.full_at <= now
    }

    /// The time at which it is full again.
    pub(super) fn full_at(self) -> u64 {
        self.full_at
    }
}

impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, NoRate> {
        let (burst, rate) = text.split_once('+').ok_or(NoRate)?;
        let (count, per) = rate.split_once('/').ok_or(NoRate)?;
        let per = match per {
            "s" => Duration::from_secs(1),
            "min" => Duration::from_secs(60),
            "h" => Duration::from_secs(3_600),
            _ => return Err(NoRate),
        };
        let number = |text: &str| text.parse().map_err(|_| NoRate);
        Self::new(number(burst)?, number(count)?, per).ok_or(NoRate)
    }
}

impl FromStr for Setting {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, NoRate> {
        if text == "off" { Ok(Self(None)) } else { text.parse().map(Some).map(Self) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = self.window().as_secs_f64();
        write!(f, "{} at once, and {} in {window:.0} s", self.burst, self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_what_it_earns() {
        let (rate, mut bucket) = (rate("3+2/s"), Bucket::default());
        let left: Vec<u32> = (0..3).map(|_| bucket.take(rate, 7).unwrap().left).collect();
        assert_eq!(left, [2, 1, 0]);
        assert_eq!(bucket.take(rate, 7), Err(Empty { wait: Duration::from_millis(500) }));
        assert!(bucket.take(rate, 7 + SECOND / 2).is_ok());
        assert!(bucket.take(rate, 7 + SECOND / 2).is_err());
        let standing = bucket.take(rate, 7 + 10 * SECOND).unwrap();
        assert_eq!(standing, Standing { left: 2, full_in: Duration::from_millis(500) });
    }

    #[test]
    fn what_others_took_is_owed_up_to_a_bound() {
        let (rate, mut bucket) = (rate("10+10/s"), Bucket::default());
        bucket.owe(rate, 0, 15);
        assert_eq!(bucket.take(rate, 0), Err(Empty { wait: Duration::from_millis(600) }));
        bucket.owe(rate, 0, u32::MAX);
        assert_eq!(bucket.take(rate, 0), Err(Empty { wait: Duration::from_millis(3_100) }));
    }

    #[test]
    fn a_rate_by_the_minute_earns_as_much_and_has_no_more_than_the_bound_at_once() {
        let per_minute = |count| Rate::per_minute(NonZeroU32::new(count).unwrap()).unwrap();
        assert_eq!(per_minute(30), rate("30+30/min"));
        assert_eq!(per_minute(1), rate("1+1/min"));
        assert_eq!(per_minute(60_000), rate("1000+1000/s"));
        assert!(Rate::per_minute(NonZeroU32::MAX).is_some_and(|it| it.burst() == OWN_BURST_MAX));
    }

    #[test]
    fn the_lower_of_two_rates_gives_what_both_would_give() {
        assert_eq!(rate("10+1/s").lower(rate("20+30/min")), rate("10+30/min"));
        assert_eq!(rate("10+1/s").lower(rate("10+1/s")), rate("10+1/s"));
    }

    #[test]
    fn a_rate_is_written_in_one_way() {
        assert_eq!(rate("100+100/min").window(), Duration::from_secs(60));
        assert_eq!(rate("5+1/h").burst(), 5);
        assert_eq!("off".parse(), Ok(Setting(None)));
        for bad in ["", "10", "10/s", "10+10", "0+1/s", "1+0/s", "1+1/d", "-1+1/s", "1+4294967296/s", "1 + 1/s"] {
            assert_eq!(bad.parse::<Rate>(), Err(NoRate), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_more_is_given_than_the_burst_and_the_time_earn(
            burst in 1_u32..50, count in 1_u32..1_000, pauses in prop::collection::vec(0_u64..SECOND, 1..200),
        ) {
            let rate = Rate::new(burst, count, Duration::from_secs(1)).unwrap();
            let (mut bucket, mut now, mut given) = (Bucket::default(), 0, 0_u64);
            for pause in pauses {
                now += pause;
                given += u64::from(bucket.take(rate, now).is_ok());
            }
            prop_assert!(given <= u64::from(burst) + now / rate.each);
        }

        #[test]
        fn who_waits_as_long_as_told_is_served(burst in 1_u32..20, taken in 0_u32..100) {
            let rate = Rate::new(burst, 7, Duration::from_secs(1)).unwrap();
            let mut bucket = Bucket::default();
            bucket.owe(rate, 0, taken);
            if let Err(Empty { wait }) = bucket.take(rate, 0) {
                prop_assert!(bucket.take(rate, u64::try_from(wait.as_nanos()).unwrap()).is_ok());
            }
        }
    }
}
