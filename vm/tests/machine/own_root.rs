//! The road of a system that was built in the guest and is not Debian: the initrd enters a root of its own.

use std::collections::BTreeMap;

use crate::lab::{BOOT, lab, sh};

/// Lays out a system that is next to nothing, out of packages of the guest's store: an `init` that hands over to its
/// systemd, whose units are two targets and what a restart needs.
const SMALL_SYSTEM: &str = r#"set -eu
package() { for found in /nix/store/*-"$1"-[0-9]*; do [ ! -d "$found/bin" ] || echo "$found"; done | head -n 1; }
systemd=$(package systemd) bash=$(package bash) coreutils=$(package coreutils)
system=/nix/store/00000000000000000000000000000000-small-system
mkdir -p "$system" /switchproof/root/etc
cat >"$system/init" <<END
#!$bash/bin/bash
PATH=$coreutils/bin
units=/etc/systemd/system
mkdir -p \$units /bin /root /usr/lib /run/current-system/sw/bin
ln -sfn $systemd/lib/systemd /usr/lib/systemd
ln -sf $bash/bin/bash /bin/sh
for package in $systemd $bash $coreutils; do ln -sf \$package/bin/* /run/current-system/sw/bin; done
ln -sf bash /run/current-system/sw/bin/sh
echo 'ID=small' >/etc/os-release
echo 'root:x:0:0::/root:/bin/sh' >/etc/passwd
echo 'root:x:0:' >/etc/group
: >/etc/machine-id
for unit in reboot.target systemd-reboot.service shutdown.target umount.target final.target; do
  cp $systemd/example/systemd/system/\$unit \$units
done
printf '[Unit]\nDefaultDependencies=no\n' >\$units/sysinit.target
printf '[Unit]\nDefaultDependencies=no\nRequires=sysinit.target\n' >\$units/default.target
exec $systemd/lib/systemd/systemd
END
chmod +x "$system/init"
ln -s "$system" /nix/var/nix/profiles/system"#;

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
