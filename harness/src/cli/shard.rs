//! `--shard` and `--cases`: the part of the cases that one of several jobs runs.

use std::collections::BTreeSet;
use std::str::FromStr;

use clap::Args;

use super::common::Error;
use crate::model::Case;
use crate::plan::{Plan, StateKey, shards, usual_cost_ms};

/// Which part of the cases.
#[derive(Args, Debug, Clone, Default)]
pub struct Share {
    /// Run the K-th of N shares of the cases, as `2/5`
    ///
    /// Every case is in exactly one share, and each job finds its own: the shares follow from the scenarios alone. Shares
    /// that end at the same time, by what cases took before: `switchproof list --format github-matrix --shards N`.
    #[arg(long, value_name = "K/N", env = "SWITCHPROOF_SHARD")]
    shard: Option<Shard>,
    /// Run these cases, by their whole ids, one a line, as `switchproof list` shares them out
    #[arg(
        long,
        value_name = "IDS",
        env = "SWITCHPROOF_CASES",
        conflicts_with = "shard"
    )]
    cases: Option<String>,
}

/// One of several shares, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard {
    number: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/');
        let parsed =
            numbers.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parsed {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("it is a number, a slash and how many there are, from 1/N to N/N".to_owned()),
        }
    }
}

impl Share {
    /// Those of the selected cases that are in the share.
    pub fn narrow(
        &self,
        cases: &[Case],
        selected: BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, Error> {
        if let Some(Shard { number, of }) = self.shard {
            let mut all = shards(&plan_of_names(cases), &selected, of, usual_cost_ms);
            return Ok(all.swap_remove(number - 1));
        }
        let Some(ids) = self.cases.as_ref().filter(|ids| !ids.trim().is_empty()) else {
            return Ok(selected);
        };
        let ids = ids.lines().map(str::trim).filter(|id| !id.is_empty());
        ids.map(|id| {
            let found = cases.iter().position(|case| case.id == id);
            found.filter(|case| selected.contains(case)).ok_or_else(|| {
                Error::input(
                    format!("--cases names '{id}', and there is no such case among those chosen"),
                    "`switchproof list` prints the ids of all cases",
                )
            })
        })
        .collect()
    }
}

/// The plan of cases wherever they run: only what they share counts.
pub fn plan_of_names(cases: &[Case]) -> Plan {
    Plan::new(cases.to_vec(), |guest| {
        StateKey("any host".to_owned()).with(guest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::test_case as case;
    use crate::testing::takes;

    fn share(shard: Option<&str>, cases: Option<&str>) -> Share {
        Share {
            shard: shard.map(|it| it.parse().unwrap()),
            cases: cases.map(str::to_owned),
        }
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!("2/3".parse(), Ok(Shard { number: 2, of: 3 }));
        let is_shard = |text: &str| text.parse::<Shard>().is_ok();
        takes(is_shard, "1/1|3/3", "0/3|4/3|1|1/0|a/b|-1/2|");
    }

    #[test]
    fn the_shards_together_are_what_was_selected() {
        let cases = ["a", "b", "c", "d", "e"].map(|id| case(id, &["x", id]));
        let selected = BTreeSet::from([0, 1, 3, 4]);
        let mut seen = BTreeSet::new();
        for number in ["1/3", "2/3", "3/3"] {
            let share = share(Some(number), None);
            for case in share.narrow(&cases, selected.clone()).unwrap() {
                assert!(seen.insert(case), "{case} is in two shards");
            }
        }
        assert_eq!(seen, selected);
    }

    #[test]
    fn named_cases_are_whole_ids() {
        let cases: Vec<_> = ["a", "ab", "b"].map(|id| case(id, &["x"])).into();
        let all = BTreeSet::from([0, 1, 2]);
        let named = share(None, Some("a\n b\n\n"));
        let narrowed = named.narrow(&cases, all.clone()).unwrap();
        assert_eq!(narrowed, BTreeSet::from([0, 2]));
        let unknown = share(None, Some("c")).narrow(&cases, all.clone());
        assert!(unknown.unwrap_err().message.contains("'c'"));
        assert_eq!(share(None, None).narrow(&cases, all.clone()).unwrap(), all);
    }
}
