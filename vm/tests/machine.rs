//! Real machines. These tests need a built guest image: the directory `$SWITCHPROOF_TEST_IMAGE`, which holds `kernel`,
//! `initrd` and `root.ext4`. Without one each says that it was skipped.

#[path = "machine/lab.rs"]
mod lab;

#[path = "machine/commands.rs"]
mod commands;
#[path = "machine/faults.rs"]
mod faults;
#[path = "machine/forks.rs"]
mod forks;
