# `lib.hm`; what Home Manager has there and this channel lacks is refused by name.
{ lib }:
let
  unmodelled = import ./unmodelled-names.nix;
  refused =
    group: name: throw "Home Manager has `lib.hm.${group}.${name}', but the pocket channel does not model it; run this scenario on the real channel.";
  modelled = {
    dag = import ./dag.nix { inherit lib; };
    types = import ./types.nix { inherit lib; };
    strings = import ./strings.nix { inherit lib; };
    shell = import ./shell.nix { inherit lib; };
    zsh = import ./zsh.nix { inherit lib; };
    assertions = import ./assertions.nix { inherit lib; };
    deprecations = import ./deprecations.nix { inherit lib; };
    maintainers = { };
    booleans.yesNo = b: if b then "yes" else "no";
  };
in
modelled // builtins.mapAttrs (group: names: lib.genAttrs names (refused group) // modelled.${group} or { }) unmodelled
