# nixos-rebuild switch|boot|test|build|dry-build|dry-activate|list-generations [--flake REF[#HOST]] [--rollback] [nix options]
set -euo pipefail
export PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
action="" flake="" rollback="" profile=/nix/var/nix/profiles/system
declare -a options=(--extra-experimental-features 'nix-command flakes')
notModelled() {
  echo "nixos-rebuild: the pocket channel does not model '$1'; run this scenario on the real channel" >&2
  exit 1
}
while (($#)); do
  case $1 in
    switch | boot | test | build | dry-build | dry-activate | list-generations) action=$1 ;;
    edit | repl | dry-run | build-vm | build-vm-with-bootloader | build-image) notModelled "$1" ;;
    --flake)
      if [[ -n ${2-} && $2 != -* ]]; then flake=$2; shift; else flake=/etc/nixos; fi
      ;;
    --flake=*) flake=${1#*=} ;;
    --rollback) rollback=1 ;;
    --override-input | --option | --arg | --argstr) options+=("$1" "$2" "$3"); shift 2 ;;
    -j | --max-jobs | --cores | --update-input | --log-format) options+=("$1" "$2"); shift ;;
    -L | --print-build-logs | -v | --verbose | --show-trace | --impure | --keep-going | --keep-failed | --no-write-lock-file | --no-update-lock-file | --recreate-lock-file | --refresh | --offline) options+=("$1") ;;
    --fast | --no-build-nix | --use-remote-sudo | --sudo | --no-reexec | --quiet) ;;
    --help | -h)
      echo "Usage: nixos-rebuild [switch|boot|test|build|dry-build|dry-activate|list-generations] [--flake REF] [--rollback]"
      exit 0
      ;;
    --upgrade | --upgrade-all | --install-bootloader | --specialisation | -c | --profile-name | -p | --build-host | --target-host | -f | --file | --attr | -A) notModelled "$1" ;;
    *)
      echo "nixos-rebuild: unknown option '$1'" >&2
      exit 1
      ;;
  esac
  shift
done
[[ $action ]] || { echo "nixos-rebuild: no operation specified" >&2; exit 1; }

if [[ $action == list-generations ]]; then
  exec nix-env -p "$profile" --list-generations
fi
if [[ $rollback ]]; then
  case $action in
    switch | boot) nix-env --rollback -p "$profile"; path=$profile ;;
    *) notModelled "$action --rollback" ;;
  esac
else
  if [[ -z $flake ]]; then
    [[ -e /etc/nixos/flake.nix ]] && flake=$(dirname "$(readlink -f /etc/nixos/flake.nix)") || notModelled "a system without a flake"
  fi
  host=$(hostname)
  [[ $flake != *'#'* ]] || { host=${flake#*#}; flake=${flake%%#*}; }
  [[ -n $host ]] || host=default
  attribute="nixosConfigurations.\"$host\".config.system.build.toplevel"
  echo "building the system configuration..." >&2
  case $action in
    dry-build) exec nix build --dry-run "$flake#$attribute" ${options[@]+"${options[@]}"} ;;
    build)
      nix build "$flake#$attribute" ${options[@]+"${options[@]}"}
      echo "Done. The new configuration is $(readlink -f result)" >&2
      exit 0
      ;;
  esac
  work=$(mktemp -d --tmpdir nixos-rebuild.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  nix build --out-link "$work/result" "$flake#$attribute" ${options[@]+"${options[@]}"}
  path=$(readlink -f "$work/result")
  case $action in
    switch | boot) nix-env -p "$profile" --set "$path" ;;
  esac
fi
if ! "$path/bin/switch-to-configuration" "$action"; then
  echo "warning: error(s) occurred while switching to the new configuration" >&2
  exit 1
fi
if [[ $action != dry-activate ]]; then
  echo "Done. The new configuration is $(readlink -f "$path")" >&2
fi
