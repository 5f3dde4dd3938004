//! Merging.

use std::sync::Arc;

use super::*;
use crate::model::{Action, Install, Step};
use crate::run::{test_case as case, test_nixos, test_switch};

fn plan(cases: Vec<crate::model::Case>) -> Plan {
    Plan::new(cases, |_| StateKey("base".to_owned()))
}

#[test]
fn equal_beginnings_are_one_node() {
    let cases = [("a", &["x", "y"][..]), ("b", &["x", "z"]), ("c", &["w"])];
    let plan = plan(cases.map(|(id, steps)| case(id, steps)).into());
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
fn a_host_of_its_own_modules_boots_before_the_first_step() {
    let mut on_pocket = case("a", &["x"]);
    on_pocket.steps[0].action = Action::Switch(test_switch(Install::NixosModule));
    let mut on_modules = on_pocket.clone();
    let Action::Switch(switch) = &mut on_modules.steps[0].action else {
        unreachable!("it was made so above")
    };
    let plain = Arc::new(crate::testing::tree(&[("flake.nix", "")]));
    switch.first_host = Some(Arc::clone(&plain));
    on_modules.guest.channels.push(test_nixos());
    let plan = plan(vec![on_pocket, on_modules]);
    let boots = |case: usize| match &plan[plan.paths[case][0]].work {
        Work::Prepare { system, .. } => system
            .as_ref()
            .map(|host| (host.output.clone(), host.flake.clone())),
        Work::Step(_) => unreachable!("every way begins with a preparation"),
    };
    assert_eq!(boots(0), None);
    assert_eq!(boots(1), Some(("output".to_owned(), plain)));
    let first = &plan[plan.paths[1][0]];
    assert!(plan.is_kept(plan.paths[1][0]), "it took a boot");
    let same_work = StateKey("base".to_owned()).after(&first.work, None);
    assert_ne!(first.key, same_work, "its script counts");
}

#[test]
fn a_key_depends_on_all_that_came_before() {
    let plan = plan(vec![case("a", &["x", "y"]), case("b", &["y"])]);
    assert_ne!(plan[plan.paths[0][2]].key, plan[plan.paths[1][1]].key);
}
