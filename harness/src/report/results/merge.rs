//! One document of several: what the jobs of a CI system saw, each of a share of the cases.

use super::document::{CaseResult, Results, VerdictWord};
use crate::judge::Conclusion;

/// Merges documents, each with the name by which people know it. A case that is in several counts as the latest run saw
/// it. `None` when there are none.
#[must_use]
pub fn merged(mut documents: Vec<(String, Results)>) -> Option<Results> {
    documents.sort_by_key(|(_, results)| results.run.began_unix_s);
    let began = documents.first()?.1.run.began_unix_s;
    let mut all = Results::new(began);
    let mut cut_short = Vec::new();
    for (name, results) in documents {
        let later_s = results.run.began_unix_s.saturating_sub(began) as f64;
        all.run.elapsed_s = all.run.elapsed_s.max(later_s + results.run.elapsed_s);
        cut_short.extend(results.run.cut_short.map(|why| format!("{name}: {why}")));
        match (&mut all.run.host, results.run.host) {
            (Some(known), Some(host)) => known.guests.extend(host.guests),
            (known, host) => *known = known.take().or(host),
        }
        let machines = all.spans.iter().map(|span| span.machine).max().unwrap_or(0);
        all.spans.extend(results.spans.into_iter().map(|mut span| {
            span.machine += machines;
            span.began_s += later_s;
            span
        }));
        for case in results.cases {
            take(&mut all.cases, case);
        }
        // Both are named by what they are, so that what two documents have is the same.
        all.states.extend(results.states);
        all.texts.extend(results.texts);
        all.snapshots_written.extend(results.snapshots_written);
    }
    all.run.cut_short = (!cut_short.is_empty()).then(|| cut_short.join("; "));
    all.cases.sort_by(|a, b| a.id.cmp(&b.id));
    all.snapshots_written.sort();
    all.snapshots_written.dedup();
    all.recount();
    Some(all)
}

/// A later document replaces what an earlier one says, unless it says nothing.
fn take(cases: &mut Vec<CaseResult>, case: CaseResult) {
    match cases.iter_mut().find(|known| known.id == case.id) {
        Some(known) if case.verdict != VerdictWord::NotRun => *known = case,
        Some(_) => {}
        None => cases.push(case),
    }
}

impl Results {
    /// What the verdicts come to together; a run that was cut short is broken where nothing worse is known.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let has = |word| self.cases.iter().any(|case| case.verdict == word);
        if has(VerdictWord::Errored) {
            Conclusion::Broken
        } else if has(VerdictWord::Failed) {
            Conclusion::Failed
        } else if has(VerdictWord::NotRun) || self.run.cut_short.is_some() {
            Conclusion::Broken
        } else {
            Conclusion::Passed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::sample::sample;

    /// The sample's cases of which `keep` is so, in a run that began so many seconds later.
    fn share(later_s: u64, keep: impl Fn(usize) -> bool) -> Results {
        let mut results = sample(12);
        results.run.began_unix_s += later_s;
        let mut number = 0;
        results.cases.retain(|_| {
            number += 1;
            keep(number - 1)
        });
        results.recount();
        results
    }

    #[test]
    fn two_shares_are_the_whole() {
        let whole = sample(12);
        let shares = vec![
            ("b".to_owned(), share(30, |case| case % 3 == 0)),
            ("a".to_owned(), share(0, |case| case % 3 != 0)),
        ];
        let together = merged(shares).unwrap();
        let mut cases = whole.cases.clone();
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(together.cases, cases);
        assert_eq!(together.counts, whole.counts);
        assert_eq!(together.run.began_unix_s, whole.run.began_unix_s);
        assert!((together.run.elapsed_s - (30.0 + whole.run.elapsed_s)).abs() < 1e-9);
        assert_eq!(together.spans.len(), 2 * whole.spans.len());
        let machines = |results: &Results| {
            let numbers = results.spans.iter().map(|span| span.machine);
            numbers.collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!(machines(&together), 2 * machines(&whole));
        assert_eq!(together.conclusion(), whole.conclusion());
    }

    #[test]
    fn the_latest_word_on_a_case_counts() {
        let first = sample(3);
        let mut again = share(60, |case| case == 0);
        again.cases[0].verdict = VerdictWord::Errored;
        let mut silent = share(90, |case| case == 1);
        silent.cases[0].verdict = VerdictWord::NotRun;
        silent.run.cut_short = Some("interrupted".to_owned());
        let all = merged(vec![
            ("first".to_owned(), first.clone()),
            ("again".to_owned(), again.clone()),
            ("silent".to_owned(), silent),
        ]);
        let all = all.unwrap();
        let verdict = |results: &Results, id: &str| {
            let mut cases = results.cases.iter();
            cases.find(|case| case.id == id).unwrap().verdict
        };
        assert_eq!(verdict(&all, &again.cases[0].id), VerdictWord::Errored);
        let second = &first.cases[1].id;
        assert_eq!(verdict(&all, second), verdict(&first, second));
        assert_eq!(all.run.cut_short.as_deref(), Some("silent: interrupted"));
        assert_eq!(all.conclusion(), Conclusion::Broken);
        assert!(merged(Vec::new()).is_none());
    }
}
