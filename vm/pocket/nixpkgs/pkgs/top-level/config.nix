# `nixpkgs.config`, with the defaults that the rest reads. The environment
# variables work for impure evaluation only, as in nixpkgs.
{ lib }:
config:
{
  allowUnfree = builtins.getEnv "NIXPKGS_ALLOW_UNFREE" == "1";
  allowBroken = builtins.getEnv "NIXPKGS_ALLOW_BROKEN" == "1";
  allowUnfreePredicate = _pkg: false;
  allowUnfreePackages = [ ];
  permittedInsecurePackages = [ ];
  allowAliases = true;
}
// config
