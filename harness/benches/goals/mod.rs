//! What the benchmarks measure, each line with its goal.

use std::time::Duration;

/// Prints a line a measurement, and counts goals.
#[derive(Default)]
pub struct Table {
    goals: usize,
    kept: usize,
}

impl Table {
    /// A measurement that others are compared with, or that could not be made.
    pub fn fact(&self, what: &str, measured: String) {
        println!("{:6}  {what:<58}  {measured}", "");
    }

    pub fn goal(&mut self, what: &str, measured: String, goal: &str, kept: bool) {
        self.goals += 1;
        self.kept += usize::from(kept);
        let verdict = if kept { "kept" } else { "MISSED" };
        println!("{verdict:6}  {what:<58}  {measured:<22}  {goal}");
    }

    /// A measurement that may be so much at most.
    pub fn at_most(&mut self, what: &str, measured: f64, most: f64, unit: &str) {
        let goal = format!("at most {most} {unit}");
        self.goal(
            what,
            format!("{measured:.3} {unit}"),
            &goal,
            measured <= most,
        );
    }

    /// Says how many goals were kept.
    pub fn end(self) {
        println!("{} of {} goals kept", self.kept, self.goals);
    }
}

pub fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}
