# nixosSystem: modules in, a system configuration out.
{
  lib ? import ../../lib,
  system ? builtins.currentSystem or null,
  modules ? [ ],
  specialArgs ? { },
  pkgs ? null,
  extraModules ? [ ],
  prefix ? [ ],
  check ? true,
  ...
}:
let
  fromArguments = {
    _file = "eval-config.nix";
    config = lib.mkMerge [
      (lib.mkIf (system != null) { nixpkgs.system = lib.mkDefault system; })
      (lib.mkIf (pkgs != null) { nixpkgs.pkgs = pkgs; })
    ];
  };
  evaluated = lib.evalModules {
    class = "nixos";
    inherit prefix;
    modules = modules ++ extraModules ++ [ fromArguments ] ++ import ../modules/module-list.nix;
    specialArgs = {
      modulesPath = toString ../modules;
      utils = import ./utils.nix { inherit lib; };
    }
    // specialArgs;
  };
in
evaluated
// {
  inherit (evaluated._module.args) pkgs;
  inherit lib;
  extraArgs = { };
}
