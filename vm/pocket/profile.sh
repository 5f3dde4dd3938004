# Nix's profiles for login shells, as Nix's own installer sets them up.
if [ -n "${HOME-}" ] && [ -n "${USER-}" ] && [ -z "${__ETC_PROFILE_NIX_SOURCED-}" ]; then
  export __ETC_PROFILE_NIX_SOURCED=1
  NIX_LINK=$HOME/.nix-profile
  if [ -e "${XDG_STATE_HOME:-$HOME/.local/state}/nix/profile" ]; then
    NIX_LINK=${XDG_STATE_HOME:-$HOME/.local/state}/nix/profile
  fi
  export NIX_PROFILES="/nix/var/nix/profiles/default $NIX_LINK"
  export XDG_DATA_DIRS="${XDG_DATA_DIRS:-/usr/local/share:/usr/share}:$NIX_LINK/share:/nix/var/nix/profiles/default/share"
  export PATH="$NIX_LINK/bin:/nix/var/nix/profiles/default/bin:$PATH"
  unset NIX_LINK
fi
