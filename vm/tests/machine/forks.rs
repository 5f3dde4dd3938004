//! Freezing and forking.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use switchproof_vm::layer::Lookup;
use switchproof_vm::machine::{MachineError, Purpose};

use crate::lab::{lab, sh};

#[test]
fn forks_share_the_past_but_not_their_random_numbers() {
    let Some(lab) = lab("forks_share_the_past_but_not_their_random_numbers") else {
        return;
    };
    let base = lab.base();
    let start = Instant::now();
    let mut growing = lab.host.fork(&base, Purpose::Layer).expect("a fork");
    sh(&mut growing, "echo mark > /root/mark");
    let key = base.key().child(b"mark");
    let layer = growing.freeze(&key, json!("mark")).expect("a layer");
    eprintln!("a child layer in {:.2} s", start.elapsed().as_secs_f64());
    let mut seen = Vec::new();
    for _ in 0..2 {
        let start = Instant::now();
        let mut leaf = lab.host.fork(&layer, Purpose::Leaf).expect("a fork");
        let answer = sh(
            &mut leaf,
            "cat /root/mark /proc/sys/kernel/random/uuid; date +%s.%N",
        );
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a time")
            .as_secs_f64();
        eprintln!(
            "first answer {:.2} s after the fork began",
            start.elapsed().as_secs_f64()
        );
        let lines: Vec<String> = answer.lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "mark");
        let guest: f64 = lines[2].parse().expect("a time");
        assert!(
            (guest - now).abs() < 1.0,
            "the guest's clock is {} s off",
            guest - now
        );
        seen.push(lines[1].clone());
        assert!(matches!(
            leaf.freeze(&key.child(b"x"), json!(null)),
            Err(MachineError::LeafCannotFreeze)
        ));
    }
    assert_ne!(seen[0], seen[1]);
    assert!(matches!(
        lab.host.store.verify(&key).expect("verified"),
        Lookup::Whole(_)
    ));
    drop(layer);
    lab.host.store.remove(&key).expect("removed");
    let _ = Duration::ZERO;
}
