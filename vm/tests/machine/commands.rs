//! Commands in a guest.

use std::time::Instant;

use crate::lab::{lab, sh};

#[test]
fn a_round_trip_is_short() {
    let Some(lab) = lab("a_round_trip_is_short") else {
        return;
    };
    let mut machine = lab.leaf();
    let mut times: Vec<_> = (0..50)
        .map(|_| {
            let start = Instant::now();
            sh(&mut machine, "true");
            start.elapsed()
        })
        .collect();
    times.sort();
    eprintln!(
        "round trip: median {:?}, slowest {:?}",
        times[25], times[49]
    );
}
