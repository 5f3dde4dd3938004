# Activates the system of the profile. The service manager has read the units of
# the system that was active before the restart. Where that was another, as after
# `nixos-rebuild test` or `boot`, it reads them anew and starts what is wanted now.
set -u
before=$(readlink -f /etc/static)
status=0
/nix/var/nix/profiles/system/activate || status=$?
if [ "$(readlink -f /etc/static)" != "$before" ]; then
  systemctl daemon-reload
  systemctl --no-block start default.target
fi
exit $status
