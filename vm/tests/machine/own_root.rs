//! The road of a system that was built in the guest and is not Debian: the initrd enters a root of its own.

use std::collections::BTreeMap;

use crate::lab::{BOOT, lab, sh};

/// Lays out the smallest system that can be entered.
const SMALL_SYSTEM: &str = include_str!("small_system.sh");

/// What tells a system from another: what it says it is, what process 1 is, what came along and what did not.
const LOOK: &str = r#"
. /etc/os-release; echo "id=$ID"
echo "first=$(readlink /proc/1/exe)"
echo "home=$(cat /home/alice/mine)"
echo "debian=$(test -e /usr/bin/apt && echo here)"
echo "outside=$(test -e /run/switchproof/debian/usr/bin/apt && echo kept)"
echo "writes=$(touch /run/switchproof/debian/x 2>/dev/null || echo refused)""#;

#[test]
#[ignore = "boots machines; needs the guest image"]
fn a_root_of_its_own_is_entered_at_every_restart() {
    let lab = lab();
    let mut machine = lab.leaf();
    sh(&mut machine, "echo mine > /home/alice/mine");
    sh(&mut machine, SMALL_SYSTEM);
    for restart in ["first", "second"] {
        machine.reboot(BOOT).expect(restart);
        let told = sh(&mut machine, LOOK);
        let seen: BTreeMap<&str, &str> = told.lines().filter_map(|it| it.split_once('=')).collect();
        assert_eq!(seen["id"], "small", "{told}");
        assert!(seen["first"].starts_with("/nix/store/"), "{told}");
        assert_eq!(seen["home"], "mine", "{told}");
        assert_eq!(seen["debian"], "", "{told}");
        assert_eq!((seen["outside"], seen["writes"]), ("kept", "refused"));
    }
}
