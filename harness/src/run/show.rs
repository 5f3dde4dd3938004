//! Printing a plan.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::plan::{NodeId, Plan};
use crate::text::word;

/// What is known of a node before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knowledge {
    /// What is kept of it is enough: nothing is run here.
    Cached,
    /// Its machine state is kept, and a machine begins from it.
    Frozen,
    /// It has to run.
    New,
}

/// A node as `--format json` prints it.
#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    parent: Option<&'a str>,
    step: &'a str,
    knowledge: Knowledge,
    /// How many cases pass through it, those that were not chosen too.
    shared_by: usize,
    /// The chosen ones of them.
    cases: Vec<&'a str>,
}

/// A plan as it is printed: of all cases, but with the nodes of the chosen ones alone.
struct Shown<'a> {
    plan: &'a Plan,
    chosen: &'a BTreeSet<usize>,
    known: &'a [Knowledge],
}

/// How a plan can be printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PlanFormat {
    /// A tree for people.
    #[default]
    Text,
    /// A graph for Graphviz.
    Dot,
    /// One array of objects.
    Json,
}

impl Plan {
    /// The plan in `format`: the nodes that `chosen` cases pass through, each with what is `known` of it (one entry a
    /// node) and with how many cases share it, the others counted too, for a run keeps what they share.
    #[must_use]
    pub fn show(
        &self,
        format: PlanFormat,
        chosen: &BTreeSet<usize>,
        known: &[Knowledge],
    ) -> String {
        let shown = Shown {
            plan: self,
            chosen,
            known,
        };
        match format {
            PlanFormat::Text => shown.text(),
            PlanFormat::Dot => shown.dot(),
            PlanFormat::Json => shown.json(),
        }
    }
}

impl<'a> Shown<'a> {
    /// The chosen cases through a node.
    fn cases(&self, id: NodeId) -> impl Iterator<Item = usize> {
        let visits = self.plan[id].visits.iter().map(|visit| visit.case);
        visits.filter(|case| self.chosen.contains(case))
    }

    /// The nodes on the way of any chosen case.
    fn nodes(&self) -> impl Iterator<Item = NodeId> {
        (0..self.plan.nodes.len())
            .map(NodeId)
            .filter(|&id| self.cases(id).next().is_some())
    }

    fn known(&self, id: NodeId) -> Knowledge {
        self.known.get(id.0).copied().unwrap_or(Knowledge::New)
    }

    /// What a node is marked with: `cached, shared by 3`.
    fn mark(&self, id: NodeId) -> String {
        let word = word(&self.known(id));
        match self.plan[id].visits.len() {
            1 => word,
            count => format!("{word}, shared by {count}"),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for &root in &self.plan.roots {
            self.branch(&mut text, root, "");
        }
        let visits: usize = self
            .chosen
            .iter()
            .map(|&case| self.plan.paths[case].len())
            .sum();
        let is_new = |id: &NodeId| self.known(*id) == Knowledge::New;
        let (nodes, new) = (self.nodes().count(), self.nodes().filter(is_new).count());
        let all = self.plan.cases.len();
        let cases = match self.chosen.len() {
            chosen if chosen == all && all == 1 => "1 case".to_owned(),
            chosen if chosen == all => format!("{all} cases"),
            chosen => format!("{chosen} of {all} cases"),
        };
        text += &format!(
            "\n{cases}, {visits} steps in all; {nodes} after merging, {new} of them new\n"
        );
        text
    }

    fn branch(&self, text: &mut String, id: NodeId, indent: &str) {
        if self.cases(id).next().is_none() {
            return;
        }
        let node = &self.plan[id];
        let (name, mark, key) = (&node.name, self.mark(id), node.key.short());
        text.push_str(&format!("{indent}{name}  [{mark}]  {key}\n"));
        for case in self.cases(id) {
            if self.plan.paths[case].last() == Some(&id) {
                text.push_str(&format!("{indent}  = {}\n", self.plan.cases[case].id));
            }
        }
        let deeper = format!("{indent}  ");
        for &child in &node.children {
            self.branch(text, child, &deeper);
        }
    }

    fn dot(&self) -> String {
        let mut text = "digraph plan {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for id in self.nodes() {
            let node = &self.plan[id];
            let label = format!("{}\n{}", node.name, self.mark(id));
            text += &format!("  n{} [label={}];\n", id.0, dot_string(&label));
            if let Some(parent) = node.parent {
                text += &format!("  n{} -> n{};\n", parent.0, id.0);
            }
        }
        for &case in self.chosen {
            if let Some(last) = self.plan.paths[case].last() {
                let id = dot_string(&self.plan.cases[case].id);
                text += &format!("  {id} [shape=plaintext];\n  n{} -> {id};\n", last.0);
            }
        }
        text + "}\n"
    }

    fn json(&self) -> String {
        let row = |id: NodeId| {
            let node = &self.plan[id];
            let cases = self.cases(id).map(|case| self.plan.cases[case].id.as_str());
            Row {
                key: &node.key.0,
                parent: node.parent.map(|parent| self.plan[parent].key.0.as_str()),
                step: &node.name,
                knowledge: self.known(id),
                shared_by: node.visits.len(),
                cases: cases.collect(),
            }
        };
        let rows: Vec<Row<'a>> = self.nodes().map(row).collect();
        serde_json::to_string_pretty(&rows).expect("plain data always serialises") + "\n"
    }
}

fn dot_string(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', r"\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::StateKey;
    use crate::run::test_case as case;
    use crate::testing::{has, lacks};

    fn plan(cases: Vec<crate::model::Case>) -> Plan {
        Plan::new(cases, |_| StateKey("base".to_owned()))
    }

    #[test]
    fn the_printed_tree_names_what_is_shared() {
        let plan = plan(vec![case("a", &["x", "y"]), case("b", &["x", "z"])]);
        let all = BTreeSet::from([0, 1]);
        let text = plan.show(PlanFormat::Text, &all, &[Knowledge::New; 4]);
        has(&text, "run-1  [new, shared by 2]");
        has(
            &text,
            "2 cases, 6 steps in all; 4 after merging, 4 of them new",
        );
        let dot = plan.show(PlanFormat::Dot, &all, &[Knowledge::Cached; 4]);
        has(&dot, "digraph plan {");
        has(&dot, "n0 -> n1;");
        let json = plan.show(PlanFormat::Json, &all, &[Knowledge::Frozen; 4]);
        let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(rows[1]["knowledge"], "frozen");
    }

    #[test]
    fn a_choice_prints_its_own_nodes_and_counts_all_who_share_them() {
        use Knowledge::{Cached, Frozen, New};
        let plan = plan(vec![case("a", &["x", "y"]), case("b", &["x", "z"])]);
        let chosen = BTreeSet::from([1]);
        let known = [Cached, Frozen, New, New];
        assert_eq!(
            plan.show(PlanFormat::Text, &chosen, &known),
            format!(
                "prepare  [cached, shared by 2]  {}\n  run-1  [frozen, shared by 2]  {}\n    run-2  [new]  {}\n      \
                 = b\n\n1 of 2 cases, 3 steps in all; 3 after merging, 1 of them new\n",
                plan[plan.paths[1][0]].key.short(),
                plan[plan.paths[1][1]].key.short(),
                plan[plan.paths[1][2]].key.short(),
            )
        );
        let dot = plan.show(PlanFormat::Dot, &chosen, &known);
        has(&dot, "run-1\\nfrozen, shared by 2");
        lacks(dot, &["\"a\""]);
        let json = plan.show(PlanFormat::Json, &chosen, &known);
        let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(rows.as_array().unwrap().len(), 3);
        assert_eq!(rows[1]["shared_by"], 2);
        assert_eq!(rows[1]["cases"], serde_json::json!(["b"]));
    }
}
