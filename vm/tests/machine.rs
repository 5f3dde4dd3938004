//! Real machines. These tests need a built guest image: the directory `$SWITCHPROOF_TEST_IMAGE`, which holds `kernel`,
//! `initrd` and `root.ext4`; one also `$SWITCHPROOF_TEST_SMALL_DISK`, a directory on a file system of its own of 1 to
//! 1.5 GiB. Two hundred forks in a row take minutes: `$SWITCHPROOF_TEST_FORKS` says another number.

#[path = "machine/lab.rs"]
mod lab;

#[path = "machine/commands.rs"]
mod commands;
#[path = "machine/faults.rs"]
mod faults;
#[path = "machine/forks.rs"]
mod forks;
#[path = "machine/full_disk.rs"]
mod full_disk;
#[path = "machine/orphans.rs"]
mod orphans;
