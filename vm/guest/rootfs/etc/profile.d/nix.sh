# The environment that a multi-user installation of Nix gives to login shells: profiles on PATH, the user's first.
if [ -n "${HOME-}" ] && [ -z "${__ETC_PROFILE_NIX_SOURCED-}" ]; then
    export __ETC_PROFILE_NIX_SOURCED=1
    nix_state_profile="${XDG_STATE_HOME-$HOME/.local/state}/nix/profile"
    if [ -e "$nix_state_profile" ]; then
        nix_link=$nix_state_profile
    else
        nix_link=$HOME/.nix-profile
    fi
    export NIX_PROFILES="/nix/var/nix/profiles/default $nix_link"
    export NIX_SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
    export XDG_DATA_DIRS="${XDG_DATA_DIRS:-/usr/local/share:/usr/share}:$nix_link/share:/nix/var/nix/profiles/default/share"
    export PATH="$nix_link/bin:/nix/var/nix/profiles/default/bin:$PATH"
    unset nix_link nix_state_profile
fi
