//! Sharing the cases of a plan out to several jobs, so that they end at about the same time.

use std::collections::BTreeSet;

use super::{Node, NodeId, Plan, Work};
use crate::model::Action;

/// Shares the `selected` cases out to `count` jobs: every case to exactly one, and cases that share a long beginning to
/// the same one where that keeps the jobs even. `cost` says how long reaching a node takes, in any unit. What comes out
/// depends on the cases and on `cost`, never on the order of the cases, so that each job can work out its own share.
#[must_use]
pub fn shards(
    plan: &Plan,
    selected: &BTreeSet<usize>,
    count: usize,
    cost: impl Fn(&Node) -> u64,
) -> Vec<BTreeSet<usize>> {
    let costs: Vec<u64> = plan.nodes.iter().map(cost).collect();
    let dealer = Dealer {
        plan,
        selected,
        costs: &costs,
    };
    dealer.deal(count.max(1))
}

/// How long reaching a node takes where nothing was recorded, in milliseconds: what these steps take next to each other.
#[must_use]
pub fn usual_cost_ms(node: &Node) -> u64 {
    match &node.work {
        Work::Prepare { .. } => 3_000,
        Work::Step(Action::Switch(_) | Action::Build(_)) => 12_000,
        Work::Step(Action::Reboot) => 15_000,
        Work::Step(_) => 3_000,
    }
}

struct Dealer<'a> {
    plan: &'a Plan,
    selected: &'a BTreeSet<usize>,
    costs: &'a [u64],
}

/// Cases that stay together.
struct Group {
    cases: BTreeSet<usize>,
    nodes: BTreeSet<usize>,
    cost: u64,
}

impl Dealer<'_> {
    fn deal(&self, count: usize) -> Vec<BTreeSet<usize>> {
        let whole = self.group(self.selected.clone());
        // Groups of half a share leave room to make the shares even.
        let largest = whole.cost / (2 * count as u64);
        let mut groups = Vec::new();
        for &root in &self.plan.roots {
            self.split(root, largest, &mut groups);
        }
        // The largest first, as the small ones then fill what is left. Names decide between equals.
        groups.sort_by(|a, b| {
            let first = |group: &Group| self.least_id(&group.cases);
            b.cost.cmp(&a.cost).then_with(|| first(a).cmp(first(b)))
        });
        let mut shards: Vec<Group> = (0..count).map(|_| self.group(BTreeSet::new())).collect();
        let mut dealt: BTreeSet<usize> = BTreeSet::new();
        for group in groups {
            let best = (0..count).min_by_key(|&at| {
                // What another job does already and this one would do again weighs twice.
                let new = group.nodes.difference(&shards[at].nodes);
                let again = |node: &usize| if dealt.contains(node) { 2 } else { 1 };
                shards[at].cost + new.map(|node| self.costs[*node] * again(node)).sum::<u64>()
            });
            let shard = &mut shards[best.unwrap_or(0)];
            let new = group.nodes.difference(&shard.nodes);
            shard.cost += new.map(|&node| self.costs[node]).sum::<u64>();
            dealt.extend(group.nodes.iter().copied());
            shard.cases.extend(group.cases);
            shard.nodes.extend(group.nodes);
        }
        shards.into_iter().map(|shard| shard.cases).collect()
    }

    /// The groups of the cases that pass through `at`: all of them together where that is small enough.
    fn split(&self, at: NodeId, largest: u64, groups: &mut Vec<Group>) {
        let node = &self.plan[at];
        let cases: BTreeSet<usize> = node
            .visits
            .iter()
            .map(|visit| visit.case)
            .filter(|case| self.selected.contains(case))
            .collect();
        let group = self.group(cases);
        if group.cases.len() <= 1 || group.cost <= largest {
            groups.extend((!group.cases.is_empty()).then_some(group));
            return;
        }
        for &case in &group.cases {
            if self.plan.paths[case].last() == Some(&at) {
                groups.push(self.group(BTreeSet::from([case])));
            }
        }
        for &child in &node.children {
            self.split(child, largest, groups);
        }
    }

    fn group(&self, cases: BTreeSet<usize>) -> Group {
        let nodes: BTreeSet<usize> = cases
            .iter()
            .flat_map(|&case| self.plan.paths[case].iter().map(|node| node.0))
            .collect();
        Group {
            cost: nodes.iter().map(|&node| self.costs[node]).sum(),
            cases,
            nodes,
        }
    }

    fn least_id(&self, cases: &BTreeSet<usize>) -> &str {
        let ids = cases.iter().map(|&case| self.plan.cases[case].id.as_str());
        ids.min().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::plan::StateKey;
    use crate::run::test_case as case;

    fn plan(ways: &[Vec<String>]) -> Plan {
        let cases = ways.iter().enumerate().map(|(number, way)| {
            let steps: Vec<&str> = way.iter().map(String::as_str).collect();
            case(&format!("case-{number}"), &steps)
        });
        Plan::new(cases.collect(), |_| StateKey("base".to_owned()))
    }

    /// What a step runs; nothing of a preparation.
    fn command(node: &Node) -> &str {
        match &node.work {
            Work::Step(Action::Run { command, .. }) => command,
            _ => "",
        }
    }

    /// A step's command is its cost.
    fn cost(node: &Node) -> u64 {
        command(node).bytes().map(u64::from).sum()
    }

    fn named(plan: &Plan, shards: &[BTreeSet<usize>]) -> Vec<BTreeSet<String>> {
        let ids = |shard: &BTreeSet<usize>| {
            shard
                .iter()
                .map(|&case| plan.cases[case].id.clone())
                .collect()
        };
        shards.iter().map(ids).collect()
    }

    #[test]
    fn families_stay_together() {
        let way = |first: &str, last: &str| vec![first.to_owned(), last.to_owned()];
        let ways: Vec<_> = ["p", "q"]
            .iter()
            .flat_map(|first| ["a", "b", "c"].map(|last| way(first, last)))
            .collect();
        let plan = plan(&ways);
        let all = (0..plan.cases.len()).collect();
        let long_beginning = |node: &Node| if node.children.is_empty() { 10 } else { 1_000 };
        let mut shards = shards(&plan, &all, 2, long_beginning);
        shards.sort();
        assert_eq!(
            shards,
            [BTreeSet::from([0, 1, 2]), BTreeSet::from([3, 4, 5])]
        );
    }

    #[test]
    fn recorded_times_decide() {
        let ways: Vec<_> = ["a", "b", "c", "d"]
            .map(|step| vec![step.to_owned()])
            .into();
        let plan = plan(&ways);
        let all = (0..4).collect();
        let slow = |node: &Node| match command(node) {
            "b" => 90,
            "" => 0,
            _ => 30,
        };
        let shards = shards(&plan, &all, 2, slow);
        assert_eq!(shards, [BTreeSet::from([1]), BTreeSet::from([0, 2, 3])]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_case_is_in_exactly_one(
            ways in proptest::collection::vec(proptest::collection::vec("[a-d]", 1..5), 0..30),
            count in 1_usize..9,
            leave_out in 0_usize..4,
        ) {
            let plan = plan(&ways);
            let selected: BTreeSet<usize> = (0..ways.len()).filter(|case| leave_out == 0 || case % (leave_out + 1) != 0).collect();
            for shards in [shards(&plan, &selected, count, cost), shards(&plan, &selected, count, usual_cost_ms), shards(&plan, &selected, count, |_| 0)] {
                prop_assert_eq!(shards.len(), count);
                prop_assert_eq!(shards.iter().map(BTreeSet::len).sum::<usize>(), selected.len());
                let together: BTreeSet<usize> = shards.into_iter().flatten().collect();
                prop_assert_eq!(&together, &selected);
            }
        }

        #[test]
        fn the_order_of_the_cases_does_not_matter(
            ways in proptest::collection::vec(proptest::collection::vec("[a-d]", 1..5), 1..20),
            count in 1_usize..6,
        ) {
            let forward = plan(&ways);
            let backward = {
                let mut cases = forward.cases.clone();
                cases.reverse();
                Plan::new(cases, |_| StateKey("base".to_owned()))
            };
            let all = (0..ways.len()).collect();
            let of = |plan: &Plan| named(plan, &shards(plan, &all, count, cost));
            prop_assert_eq!(of(&forward), of(&backward));
        }

        #[test]
        fn no_job_has_much_more_than_its_share(
            times in proptest::collection::vec(1_u64..1_000, 1..40),
            count in 1_usize..6,
        ) {
            // Cases with nothing in common.
            let ways: Vec<_> = (0..times.len()).map(|number| vec![format!("step-{number}")]).collect();
            let plan = plan(&ways);
            let took: BTreeMap<String, u64> = ways.iter().flatten().cloned().zip(times.iter().copied()).collect();
            let cost = |node: &Node| took.get(command(node)).copied().unwrap_or(0);
            let all = (0..times.len()).collect();
            let fullest = shards(&plan, &all, count, cost).iter().map(|shard| shard.iter().map(|&case| times[case]).sum::<u64>()).max();
            let even = times.iter().sum::<u64>() / count as u64;
            let longest = times.iter().max().copied().unwrap_or(0);
            prop_assert!(fullest.unwrap_or(0) <= even + longest);
        }
    }
}
