//! The `switchproof` command.

fn main() {}
