//! Merging and printing.

use std::collections::BTreeSet;

use super::*;
use crate::model::{Action, Step};
use crate::run::test_case as case;

fn plan(cases: Vec<crate::model::Case>) -> Plan {
    Plan::new(cases, |_| StateKey("base".to_owned()))
}

#[test]
fn equal_beginnings_are_one_node() {
    let plan = plan(vec![
        case("a", &["x", "y"]),
        case("b", &["x", "z"]),
        case("c", &["w"]),
    ]);
    assert_eq!(plan.nodes.len(), 5, "prepare, x, y, z, w");
    assert_eq!(plan.roots.len(), 1);
    assert!(plan.is_kept(plan.paths[0][1]));
    assert!(!plan.is_kept(plan.paths[0][2]));
}

#[test]
fn whoever_types_the_first_step_has_logged_in() {
    let mut typed = case("a", &["x"]);
    typed.steps[0].action = Action::CollectGarbage {
        user: Some("alice".to_owned()),
    };
    let mut seeded = typed.clone();
    let seed = Action::Seed {
        user: "alice".to_owned(),
        files: Default::default(),
    };
    let first = Step {
        action: seed,
        ..seeded.steps[0].clone()
    };
    seeded.steps.insert(0, first);
    let plan = plan(vec![typed, seeded, case("c", &["x"])]);
    let logged_in = |case: usize| match &plan[plan.paths[case][0]].work {
        Work::Prepare { logged_in, .. } => logged_in.clone(),
        Work::Step(_) => unreachable!("every way begins with a preparation"),
    };
    assert_eq!(logged_in(0).as_deref(), Some("alice"));
    // A first login may read what is seeded before it.
    assert_eq!(logged_in(1), None);
    assert_eq!(logged_in(2), None, "root needs no login");
}

#[test]
fn a_key_depends_on_all_that_came_before() {
    let plan = plan(vec![case("a", &["x", "y"]), case("b", &["y"])]);
    assert_ne!(plan[plan.paths[0][2]].key, plan[plan.paths[1][1]].key);
}

#[test]
fn the_printed_tree_names_what_is_shared() {
    let plan = plan(vec![case("a", &["x", "y"]), case("b", &["x", "z"])]);
    let all = BTreeSet::from([0, 1]);
    let text = plan.show(PlanFormat::Text, &all, &[Knowledge::New; 4]);
    assert!(text.contains("run-1  [new, shared by 2]"), "{text}");
    assert!(
        text.contains("2 cases, 6 steps in all; 4 after merging, 4 of them new"),
        "{text}"
    );
    let dot = plan.show(PlanFormat::Dot, &all, &[Knowledge::Cached; 4]);
    assert!(
        dot.starts_with("digraph plan {") && dot.contains("n0 -> n1;"),
        "{dot}"
    );
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
    assert!(
        dot.contains("run-1\\nfrozen, shared by 2") && !dot.contains("\"a\""),
        "{dot}"
    );
    let json = plan.show(PlanFormat::Json, &chosen, &known);
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!(
        (&rows[1]["shared_by"], &rows[1]["cases"]),
        (&2.into(), &serde_json::json!(["b"]))
    );
}
