# nixpkgs.config and nixpkgs.overlays of a home. The package set is made anew
# only when a home really changes one of them.
{
  config,
  lib,
  options,
  pkgsPath,
  ...
}:
let
  inherit (lib) mkOption types;
  given = config.nixpkgs;
  asSet = c: if lib.isFunction c then c { pkgs = { }; } else c;
  configType = types.mkOptionType {
    name = "nixpkgs-config";
    description = "nixpkgs config";
    check = c: builtins.isAttrs c || lib.isFunction c;
    merge = _loc: defs: lib.foldr (d: acc: lib.recursiveUpdate (asSet d.value) acc) { } defs;
  };
  fresh = import pkgsPath (lib.filterAttrs (_: v: v != null) {
    inherit (given) config overlays;
    localSystem.system = given.system;
  });
in
{
  options.nixpkgs = {
    config = mkOption {
      default = null;
      type = types.nullOr configType;
      description = "The configuration of the Nix Packages collection.";
    };
    overlays = mkOption {
      default = null;
      type = types.nullOr (types.listOf (types.mkOptionType {
        name = "nixpkgs-overlay";
        description = "nixpkgs overlay";
        check = lib.isFunction;
        merge = lib.mergeOneOption;
      }));
      description = "Overlays to use with the Nix Packages collection.";
    };
    system = mkOption {
      type = types.str;
      internal = true;
      description = "The platform of the home's packages.";
    };
  };
  config._module.args.pkgs = lib.mkOverride lib.modules.defaultOverridePriority fresh;
}
