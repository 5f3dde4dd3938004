function setupVars() {
  local stateHome="${XDG_STATE_HOME:-$HOME/.local/state}"
  local globalState="${NIX_STATE_DIR:-/nix/var/nix}"
  local userProfiles="$stateHome/nix/profiles" globalProfiles="$globalState/profiles/per-user/$USER" profiles
  # Nix makes the user's profile directory when it is first asked for it.
  [[ -d $userProfiles ]] || nix-env -q > /dev/null 2>&1 || true
  if [[ -d $userProfiles ]]; then
    profiles=$userProfiles
  elif [[ -d $globalProfiles ]]; then
    profiles=$globalProfiles
  else
    _iError 'Could not find suitable profile directory, tried %s and %s' "$userProfiles" "$globalProfiles" >&2
    exit 1
  fi
  declare -gr hmStatePath="$stateHome/home-manager"
  declare -gr hmDataPath="${XDG_DATA_HOME:-$HOME/.local/share}/home-manager"
  declare -gr genProfilePath="$profiles/home-manager"
  declare -gr newGenPath="@GENERATION_DIR@"
  declare -gr legacyGenGcPath="$globalState/gcroots/per-user/$USER/current-home"
  findOldGeneration
}

function usesNixProfile() { [[ -e $HOME/.nix-profile/manifest.json || -e ${XDG_STATE_HOME:-$HOME/.local/state}/nix/profile/manifest.json ]]; }
function nixProfileList() {
  nix profile list --json 2> /dev/null | jq -r --arg name "$1" '.elements[].storePaths[] | select(endswith($name))'
}
function nixProfileRemove() {
  if usesNixProfile; then
    nixProfileList "$1" | xargs -rt ${DRY_RUN_CMD-} nix profile remove $VERBOSE_ARG
  elif [[ -e $HOME/.nix-profile || -e ${XDG_STATE_HOME:-$HOME/.local/state}/nix/profile ]] && nix-env -q | grep -q "^$1$"; then
    run --quiet nix-env -e "$1"
  fi
}

# installHomeManagerPath PROFILE PATH: the user's profile holds the packages.
function installHomeManagerPath() {
  local list="nix-env -q" remove='nix-env -e {package name}' install="nix-env -i" ok=1
  if [[ -e $1/manifest.json ]]; then
    list="nix profile list" remove='nix profile remove {number | store path}' install="nix profile install"
    nixProfileRemove home-manager-path
    run nix profile install "$2" || ok=""
  else
    run nix-env -i "$2" || ok=""
  fi
  if [[ -z $ok ]]; then
    echo
    _iError $'Oops, Nix failed to install your new Home Manager profile!\n\nPerhaps there is a conflict with a package that was installed using\n"%s"? Try running\n\n    %s\n\nand if there is a conflicting package you can remove it with\n\n    %s\n\nThen try activating your Home Manager configuration again.' "$install" "$list" "$remove"
    exit 1
  fi
}

if [[ -v VERBOSE ]]; then
  export VERBOSE_ECHO=echo VERBOSE_ARG="--verbose" VERBOSE_RUN=""
else
  export VERBOSE_ECHO=true VERBOSE_ARG="" VERBOSE_RUN=true
fi

_i "Starting Home Manager activation"
_iVerbose "Sanity checking Nix"
setupVars
if [[ -v DRY_RUN ]]; then
  _i "This is a dry run"
  export DRY_RUN_CMD=echo DRY_RUN_NULL=/dev/stdout
else
  _iVerbose "This is a live run"
  export DRY_RUN_CMD="" DRY_RUN_NULL=/dev/null
fi
if [[ -v VERBOSE ]]; then _i 'Using Nix version: %s' "$(nix-env --version)"; fi
_iVerbose "Activation variables:"
verboseOldGeneration
for name in newGenPath newGenNum genProfilePath newGenGcPath currentGenGcPath legacyGenGcPath; do
  if [[ -v $name ]]; then verboseEcho "  $name=${!name}"; fi
done
unset name
