//! Printing a plan.

use serde::Serialize;

use super::{NodeId, Plan};

/// What is known of a node before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knowledge {
    /// Its observation is kept, and every case through it passed.
    Cached,
    /// Its machine state is kept.
    Frozen,
    /// It has to run.
    New,
}

impl Knowledge {
    fn word(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Frozen => "frozen",
            Self::New => "new",
        }
    }
}

/// A node as `--format json` prints it.
#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    parent: Option<&'a str>,
    step: &'a str,
    knowledge: Knowledge,
    cases: Vec<&'a str>,
}

/// How a plan can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFormat {
    /// A tree for people.
    Text,
    /// A graph for Graphviz.
    Dot,
    /// One array of objects.
    Json,
}

impl Plan {
    /// The plan in `format`, each node with what is known of it.
    #[must_use]
    pub fn show(&self, format: PlanFormat, known: &dyn Fn(NodeId) -> Knowledge) -> String {
        match format {
            PlanFormat::Text => self.text(known),
            PlanFormat::Dot => self.dot(known),
            PlanFormat::Json => self.json(known),
        }
    }

    fn text(&self, known: &dyn Fn(NodeId) -> Knowledge) -> String {
        let mut text = String::new();
        for &root in &self.roots {
            self.branch(&mut text, root, "", known);
        }
        let (nodes, visits) = (self.nodes.len(), self.visits());
        let new = (0..nodes)
            .filter(|&id| known(NodeId(id)) == Knowledge::New)
            .count();
        text += &format!(
            "\n{} cases, {visits} steps in all; {nodes} after merging, {new} of them new\n",
            self.cases.len()
        );
        text
    }

    fn branch(
        &self,
        text: &mut String,
        id: NodeId,
        indent: &str,
        known: &dyn Fn(NodeId) -> Knowledge,
    ) {
        let node = &self[id];
        let shared = match node.visits.len() {
            1 => String::new(),
            count => format!(", shared by {count}"),
        };
        text.push_str(&format!(
            "{indent}{}  [{}{shared}]  {}\n",
            node.name,
            known(id).word(),
            node.key.short()
        ));
        for visit in &node.visits {
            if self.paths[visit.case].last() == Some(&id) {
                text.push_str(&format!("{indent}  = {}\n", self.cases[visit.case].id));
            }
        }
        let deeper = format!("{indent}  ");
        for &child in &node.children {
            self.branch(text, child, &deeper, known);
        }
    }

    fn dot(&self, known: &dyn Fn(NodeId) -> Knowledge) -> String {
        let mut text = "digraph plan {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for (index, node) in self.nodes.iter().enumerate() {
            let label = format!("{}\n{}", node.name, known(NodeId(index)).word());
            text += &format!("  n{index} [label={}];\n", dot_string(&label));
            if let Some(parent) = node.parent {
                text += &format!("  n{} -> n{index};\n", parent.0);
            }
        }
        for (case, path) in self.cases.iter().zip(&self.paths) {
            if let Some(last) = path.last() {
                let id = dot_string(&case.id);
                text += &format!("  {id} [shape=plaintext];\n  n{} -> {id};\n", last.0);
            }
        }
        text + "}\n"
    }

    fn json<'a>(&'a self, known: &dyn Fn(NodeId) -> Knowledge) -> String {
        let row = |(index, node): (usize, &'a super::Node)| Row {
            key: &node.key.0,
            parent: node.parent.map(|parent| self[parent].key.0.as_str()),
            step: &node.name,
            knowledge: known(NodeId(index)),
            cases: node
                .visits
                .iter()
                .map(|it| self.cases[it.case].id.as_str())
                .collect(),
        };
        let rows: Vec<Row<'_>> = self.nodes.iter().enumerate().map(row).collect();
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
