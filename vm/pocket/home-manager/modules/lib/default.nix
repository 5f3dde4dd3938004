# `lib.hm`
{ lib }:
{
  dag = import ./dag.nix { inherit lib; };
  types = import ./types.nix { inherit lib; };
  strings = import ./strings.nix { inherit lib; };
  shell = import ./shell.nix { inherit lib; };
  zsh = import ./zsh.nix { inherit lib; };
  assertions = import ./assertions.nix { inherit lib; };
  deprecations = import ./deprecations.nix { inherit lib; };
  maintainers = { };
  booleans.yesNo = b: if b then "yes" else "no";
}
