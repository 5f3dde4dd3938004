//! Real machines. These tests need a built guest image: the user's, or the directory `$SWITCHPROOF_TEST_IMAGE`, which
//! holds `kernel`, `initrd` and `root.ext4`. Two hundred forks in a row take minutes: `$SWITCHPROOF_TEST_FORKS` says
//! another number.

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
#[path = "machine/network.rs"]
mod network;
#[path = "machine/orphans.rs"]
mod orphans;
#[path = "machine/own_root.rs"]
mod own_root;
#[path = "machine/small_disk.rs"]
mod small_disk;
