//! Merging.

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
fn the_user_of_the_first_step_has_logged_in() {
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
