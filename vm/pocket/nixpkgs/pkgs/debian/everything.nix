# All programs of the channel as one derivation, to build and to root them.
{ system }:
let
  pkgs = import ../.. {
    inherit system;
    config.allowUnfree = true;
  };
  names = builtins.attrNames (import ./revision-packages.nix (import ./packages.nix));
in
pkgs.linkFarm "pocket-programs" (
  map (name: {
    inherit name;
    path = pkgs.${name};
  }) names
  ++ map (name: { inherit name; path = pkgs.${name}; }) [ "lndir" "nixos-rebuild" "sd-switch" ]
)
