# darwinSystem: modules in, a configuration out, of which a home's files and
# packages can be read. Nothing of it can be activated here.
{
  lib,
  system,
  modules,
  specialArgs,
  pkgs,
  nixpkgs,
}:
let
  shared = "${nixpkgs}/nixos/modules";
  evaluated = lib.evalModules {
    class = "darwin";
    modules = modules ++ [
      ./modules/system.nix
      "${shared}/misc/assertions.nix"
      "${shared}/misc/lib.nix"
      "${shared}/misc/meta.nix"
      "${shared}/misc/nixpkgs.nix"
      {
        config = lib.mkMerge [
          (lib.mkIf (system != null) { nixpkgs.system = lib.mkDefault system; })
          (lib.mkIf (pkgs != null) { nixpkgs.pkgs = pkgs; })
        ];
      }
    ];
    specialArgs = {
      modulesPath = toString ./modules;
      utils = import "${nixpkgs}/nixos/lib/utils.nix" { inherit lib; };
    }
    // specialArgs;
  };
  failed = map (a: a.message) (lib.filter (a: !a.assertion) evaluated.config.assertions);
  checked =
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (m: "- ${m}") failed}"
    else
      lib.showWarnings evaluated.config.warnings evaluated;
in
checked
// {
  inherit (evaluated._module.args) pkgs;
  system = checked.config.system.build.toplevel;
}
