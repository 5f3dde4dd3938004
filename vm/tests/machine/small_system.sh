# Lays out a system that is next to nothing, out of packages of the guest's store: an `init` that hands over to its
# systemd, whose units are two targets and what a restart needs.
set -eu
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
ln -s "$system" /nix/var/nix/profiles/system
