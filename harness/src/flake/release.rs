//! The releases of nixpkgs and Home Manager, which come out in May and November and are named after that: `26.05`.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release {
    /// Without the century.
    year: u32,
    month: u32,
}

/// The release that the pocket channel stands for.
pub(crate) const POCKET: Release = Release { year: 26, month: 5 };
/// The newest release that was out, or due, when this was written.
const OUT: Release = Release {
    year: 26,
    month: 11,
};
/// The first release whose defaults a home can ask for.
const FIRST: Release = Release { year: 18, month: 9 };

impl Release {
    /// What is written like a release, whether it was one or not.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('.')?;
        let two = |digits: &str| {
            let is_fine = digits.len() == 2 && digits.bytes().all(|one| one.is_ascii_digit());
            is_fine.then(|| digits.parse().ok()).flatten()
        };
        Some(Self {
            year: two(year)?,
            month: two(month)?,
        })
    }

    /// The newest release that is out: by the calendar, so that no message names last year's.
    pub(crate) fn newest() -> Self {
        let today = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self::newest_at(today.as_secs()).max(OUT)
    }

    /// The same at a time, in seconds since 1970. What is due in a month counts as out.
    fn newest_at(seconds: u64) -> Self {
        // A Gregorian year has 31,556,952 seconds and its months about a twelfth of that, which is near enough.
        const YEAR: u64 = 31_556_952;
        let month = seconds % YEAR * 12 / YEAR + 1;
        let year = u32::try_from(seconds / YEAR % 100).unwrap_or(0) + 70;
        let year = year % 100;
        match month {
            11.. => Self { year, month: 11 },
            5..=10 => Self { year, month: 5 },
            _ => Self {
                year: year.saturating_sub(1),
                month: 11,
            },
        }
    }

    /// The release after this one.
    pub(crate) fn next(self) -> Self {
        match self.month {
            ..5 => Self { month: 5, ..self },
            5..11 => Self { month: 11, ..self },
            _ => Self {
                year: self.year + 1,
                month: 5,
            },
        }
    }

    /// Whether there is such a release, or one being made: with each that comes out, the next one opens.
    pub(crate) fn is_known(self) -> bool {
        let months: &[u32] = match self.year {
            ..=20 => &[3, 9],
            21 => &[3, 5, 11],
            _ => &[5, 11],
        };
        months.contains(&self.month) && (FIRST..=Self::newest().next()).contains(&self)
    }

    /// What is said of one that there is not.
    pub(crate) fn hint() -> String {
        let newest = Self::newest();
        format!(
            "releases come out in May and November: the newest is \"{newest}\", and \"{}\" is being made",
            newest.next()
        )
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}.{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::takes;

    fn release(text: &str) -> Release {
        Release::parse(text).expect(text)
    }

    #[test]
    fn there_are_two_a_year() {
        let known = "18.09|20.03|21.03|21.05|24.05|26.05|26.11|27.05";
        let unknown = "18.03|24.10|21.09|99.11|26.06";
        takes(|text| release(text).is_known(), known, unknown);
        let none = "24.5|24.005|v24.05|24|24.05.1|";
        takes(|text| Release::parse(text).is_some(), unknown, none);
        assert_eq!(release("26.05").next(), release("26.11"));
        assert_eq!(release("26.11").next(), release("27.05"));
    }

    #[test]
    fn the_calendar_says_which_is_the_newest() {
        for (seconds, newest) in [
            (1_779_840_000, "26.05"), // 2026-05-27
            (1_793_000_000, "26.05"), // 2026-10-26
            (1_795_700_000, "26.11"), // 2026-11-26
            (1_800_000_000, "26.11"), // 2027-01-15
            (1_811_500_000, "27.05"), // 2027-05-28
        ] {
            assert_eq!(Release::newest_at(seconds).to_string(), newest, "{seconds}");
        }
        assert!(Release::newest() >= release("26.11"));
    }

    #[test]
    fn the_pocket_channel_stands_for_its_release() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/vm/pocket/nixpkgs/revision.nix"
        );
        let text = std::fs::read_to_string(file).expect("it is there");
        assert!(text.contains(&format!("release = \"{POCKET}\"")), "{text}");
    }
}
