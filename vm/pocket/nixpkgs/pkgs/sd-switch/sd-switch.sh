# sd-switch [--dry-run] [--verbose] [--timeout MS] [--old-units DIR] --new-units DIR
#
# Brings the running user units in line with the new generation's unit files:
# stops what is gone, restarts (or reloads) what changed, starts what the
# active targets want.
set -euo pipefail
dry="" verbose="" old="" new=""
while (($#)); do
  case $1 in
    --dry-run | -n) dry=1 ;;
    --verbose | -v) verbose=1 ;;
    --timeout) shift ;; # systemd has deadlines of its own
    --old-units) old=$2; shift ;;
    --new-units) new=$2; shift ;;
    *) echo "sd-switch: unknown option '$1'" >&2; exit 1 ;;
  esac
  shift
done
[[ $old && -d $old ]] || old=""
[[ $new && -d $new ]] || new=/nonexistent

joined() { local IFS=,; printf "%s" "$*" | sed "s/,/, /g"; }
ctl() { systemctl --user "$@"; }
units() { # the unit files of a directory, one name per line
  [[ -d $1 ]] || return 0
  local f
  for f in "$1"/*.{service,timer,socket,path,target,mount,automount,slice}; do
    [[ -e $f ]] && printf '%s\n' "${f##*/}"
  done
  return 0
}
setting() { sed -n "s/^$2=//p" "$1" | tail -n 1; } # FILE KEY
wanted() { # is the unit wanted by a target that is active?
  local link dir target
  for link in "$new"/*.{wants,requires}/"$1"; do
    [[ -L $link || -e $link ]] || continue
    dir=${link%/*} target=${dir##*/}
    target=${target%.wants}
    target=${target%.requires}
    if ctl is-active --quiet "$target"; then return 0; fi
  done
  return 1
}

declare -a stop=() start=() restart=() reload=()
while IFS= read -r unit; do
  [[ $unit != *@.* ]] || continue
  if [[ ! -e $new/$unit ]] && ctl is-active --quiet "$unit"; then stop+=("$unit"); fi
done < <([[ -z $old ]] || units "$old")

while IFS= read -r unit; do
  [[ $unit != *@.* ]] || continue
  file=$new/$unit
  if [[ -n $old && -e $old/$unit ]]; then
    if cmp -s "$old/$unit" "$file"; then
      # Unchanged: it starts only when something newly wants it.
      if [[ $unit != *.target ]] && ! ctl is-active --quiet "$unit" && wanted "$unit" && ! ls "$old"/*.wants/"$unit" >/dev/null 2>&1; then start+=("$unit"); fi
      continue
    fi
    if ctl is-active --quiet "$unit"; then
      method=$(setting "$file" X-SwitchMethod)
      [[ $method ]] || case $unit in
        *.timer | *.service | *.path | *.socket) method=restart ;;
        *) method=keep-old ;;
      esac
      if [[ $(setting "$file" X-RestartIfChanged) == false || $(setting "$file" RefuseManualStop) == true ]]; then method=keep-old; fi
      case $method in
        reload) reload+=("$unit") ;;
        restart) restart+=("$unit") ;;
        stop-start) stop+=("$unit"); start+=("$unit") ;;
      esac
      continue
    fi
  fi
  if [[ $unit != *.target ]] && wanted "$unit" && [[ $(setting "$file" RefuseManualStart) != true ]] && ! ctl is-active --quiet "$unit"; then start+=("$unit"); fi
done < <(units "$new")

act() { # WORD VERB UNIT…: what fails is said and fails nothing else
  local word=$1 verb=$2 unit
  shift 2
  (($# > 0)) || return 0
  echo "$word units: $(joined "$@")"
  [[ -z $dry ]] || return 0
  ctl --quiet "$verb" -- "$@" 2>/dev/null || true
  [[ $verb != stop ]] || return 0
  for unit; do
    if ctl is-failed --quiet "$unit"; then echo "$unit failed" >&2; fi
  done
}
act Stopping stop ${stop[@]+"${stop[@]}"}
if [[ -z $dry ]]; then ctl daemon-reload; fi
act Reloading reload ${reload[@]+"${reload[@]}"}
act Restarting restart ${restart[@]+"${restart[@]}"}
act Starting start ${start[@]+"${start[@]}"}
