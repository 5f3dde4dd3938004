# What the home-manager command and activation scripts share.
normalColor="" errorColor="" warnColor="" noteColor=""
if [[ ! -v NO_COLOR && -t 1 ]] && (($(tput colors 2> /dev/null || echo 0) >= 8)); then
  normalColor="$(tput sgr0)" errorColor="$(tput bold)$(tput setaf 1)"
  warnColor="$(tput setaf 3)" noteColor="$(tput bold)$(tput setaf 6)"
fi
function errorEcho() { echo "${errorColor}$*${normalColor}"; }
function warnEcho() { echo "${warnColor}$*${normalColor}"; }
function noteEcho() { echo "${noteColor}$*${normalColor}"; }
function verboseEcho() { if [[ -v VERBOSE ]]; then echo "$*"; fi; }

# Translated messages; the pocket channel speaks English only.
function _i() { local format="$1"; shift; printf "$format\n" "$@"; }
function _ip() { if (($3 == 1)); then _i "$1" "${@:4}"; else _i "$2" "${@:4}"; fi; }
function _iError() { echo -n "$errorColor"; _i "$@"; echo -n "$normalColor"; }
function _iWarn() { echo -n "$warnColor"; _i "$@"; echo -n "$normalColor"; }
function _iNote() { echo -n "$noteColor"; _i "$@"; echo -n "$normalColor"; }
function _iVerbose() { if [[ -v VERBOSE ]]; then _i "$@"; fi; }

# run [--quiet|--silence] COMMAND: prints the command in a dry run.
function run() {
  local mode=""
  case $1 in --quiet | --silence) mode=$1; shift ;; esac
  if [[ -v DRY_RUN ]]; then
    echo "$@"
  elif [[ $mode == --quiet ]]; then
    "$@" > /dev/null
  elif [[ $mode == --silence ]]; then
    "$@" > /dev/null 2>&1
  else
    "$@"
  fi
}
