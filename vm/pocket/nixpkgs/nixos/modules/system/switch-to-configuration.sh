#!/bin/bash
# switch-to-configuration switch|boot|test|dry-activate
#
# Activates this system and brings the running units in line with it.
set -u
out=@out@
action=${1-}
case $action in
  switch | boot | test | dry-activate) ;;
  *)
    cat >&2 << END
Usage: $0 [switch|boot|test|dry-activate]

switch:       make the configuration the boot default and activate now
boot:         make the configuration the boot default
test:         activate the configuration, but don't make it the boot default
dry-activate: show what would be done if this configuration were activated
END
    exit 1
    ;;
esac
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
[[ $action != boot ]] || exit 0

exec 9> /run/nixos-switch.lock
flock -n 9 || { echo "Could not acquire lock" >&2; exit 1; }

old=/run/current-system/systemd
new=$out/systemd
[[ -d $old ]] || old=/nonexistent
adds() { [[ -e $1/$2.d/overrides.conf ]]; }
has() { [[ -e $1/$2 ]] || adds "$1" "$2"; }
content() { cat "$1/$2" "$1/$2.d/overrides.conf" 2> /dev/null; }
setting() { content "$new" "$1" | sed -n "s/^$2=//p" | tail -n 1; }
active() { systemctl is-active --quiet "$1"; }
# Units that the system declares, also where the guest has them already and the system only adds to them.
units() {
  local f
  [[ -d $1 ]] || return 0
  for f in "$1"/*.{service,timer,socket,path,target,slice}{,.d/overrides.conf}; do
    f=${f#"$1/"}
    [[ ! -e $1/$f ]] || echo "${f%.d/overrides.conf}"
  done | sort -u
}
joined() { local IFS=,; echo "${*}" | sed 's/,/, /g'; }

declare -a stop=() start=() restart=() reload=() skip=()
for unit in $(units "$old"); do
  [[ $unit != *@.* ]] || continue
  if [[ -e $old/$unit ]] && ! has "$new" "$unit" && active "$unit"; then stop+=("$unit"); fi
done
for unit in $( (units "$old"; units "$new") | sort -u); do
  [[ $unit != *@.* && $(readlink -f "$new/$unit") != /dev/null ]] || continue
  # A unit of the guest's own is there without what the system adds.
  if adds "$old" "$unit" || adds "$new" "$unit" || { [[ -e $old/$unit ]] && has "$new" "$unit"; }; then
    cmp -s <(content "$old" "$unit") <(content "$new" "$unit") && continue
    active "$unit" || continue
    if [[ $unit == *.target || $unit == *.slice ]]; then continue; fi
    if [[ $(setting "$unit" X-ReloadIfChanged) == true ]]; then
      reload+=("$unit")
    elif [[ $(setting "$unit" X-RestartIfChanged) == false || $(setting "$unit" RefuseManualStop) == true || $(setting "$unit" X-OnlyManualStart) == true ]]; then
      skip+=("$unit")
    elif [[ $(setting "$unit" X-StopIfChanged) == false || $unit != *.service ]]; then
      restart+=("$unit")
    else
      stop+=("$unit")
      start+=("$unit")
    fi
  fi
done

# Units that active targets want and that do not run; they start with the targets.
declare -a fresh=()
for link in "$new"/*.{wants,requires}/*; do
  [[ -L $link ]] || continue
  unit=${link##*/} target=${link%/*} target=${target##*/}
  target=${target%.wants} target=${target%.requires}
  [[ $unit == *.service && " ${start[*]-} " == *" $unit "* ]] && continue
  if active "$target" && ! active "$unit" && [[ $unit != nixos-activation.service ]]; then fresh+=("$unit"); fi
done

if [[ $action == dry-activate ]]; then
  ((${#stop[@]} == 0)) || echo "would stop the following units: $(joined "${stop[@]}")" >&2
  ((${#skip[@]} == 0)) || echo "would NOT stop the following changed units: $(joined "${skip[@]}")" >&2
  echo "would activate the configuration..." >&2
  ((${#reload[@]} == 0)) || echo "would reload the following units: $(joined "${reload[@]}")" >&2
  ((${#restart[@]} == 0)) || echo "would restart the following units: $(joined "${restart[@]}")" >&2
  ((${#start[@]} == 0)) || echo "would start the following units: $(joined "${start[@]}")" >&2
  exit 0
fi

res=0
if ((${#stop[@]} > 0)); then
  echo "stopping the following units: $(joined "${stop[@]}")" >&2
  systemctl stop -- "${stop[@]}"
fi
((${#skip[@]} == 0)) || echo "NOT restarting the following changed units: $(joined "${skip[@]}")" >&2

echo "activating the configuration..." >&2
"$out/activate" || res=2

systemctl daemon-reload || res=3
# Users' own managers read the new units too.
for dir in /run/user/*; do
  uid=${dir##*/}
  [[ -S $dir/systemd/private ]] || continue
  user=$(id -nu "$uid" 2> /dev/null) || continue
  echo "reloading user units for $user..." >&2
  XDG_RUNTIME_DIR=$dir setpriv --reuid "$uid" --regid "$(id -g "$user")" --init-groups systemctl --user daemon-reload 2> /dev/null || true
done
if ((${#reload[@]} > 0)); then
  echo "reloading the following units: $(joined "${reload[@]}")" >&2
  systemctl reload -- "${reload[@]}" || res=4
fi
if ((${#restart[@]} > 0)); then
  echo "restarting the following units: $(joined "${restart[@]}")" >&2
  systemctl restart -- "${restart[@]}" || res=4
fi
if ((${#start[@]} > 0)); then
  echo "starting the following units: $(joined "${start[@]}")" >&2
  systemctl start -- "${start[@]}" || res=4
fi
declare -a started=()
if ((${#fresh[@]} > 0)); then
  systemctl start -- "${fresh[@]}" || true
  for unit in "${fresh[@]}"; do
    if active "$unit"; then started+=("$unit"); fi
  done
fi
((${#started[@]} == 0)) || echo "the following new units were started: $(joined "${started[@]}")" >&2

declare -a failed=()
for unit in ${restart[@]+"${restart[@]}"} ${start[@]+"${start[@]}"} ${fresh[@]+"${fresh[@]}"}; do
  if systemctl is-failed --quiet "$unit"; then failed+=("$unit"); fi
done
if ((${#failed[@]} > 0)); then
  echo "warning: the following units failed: $(joined "${failed[@]}")" >&2
  systemctl status --no-pager --full "${failed[@]}" >&2
  res=4
fi
exit $res
