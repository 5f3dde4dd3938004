# nixpkgs.config and nixpkgs.overlays of a home. The package set is made anew
# only when a home really changes one of them.
{
  config,
  lib,
  pkgs,
  pkgsPath,
  ...
}:
let
  inherit (lib) mkOption types;
  given = config.nixpkgs;
  inherit (import ./nixpkgs-types.nix { inherit lib pkgs; }) configType overlayType;
  # Deeply, and the names of allowed packages are joined.
  join =
    first: second:
    lib.recursiveUpdate first second
    // lib.optionalAttrs (first ? allowUnfreePackages) {
      allowUnfreePackages = first.allowUnfreePackages ++ (second.allowUnfreePackages or [ ]);
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
      type = types.nullOr (configType join);
      description = "The configuration of the Nix Packages collection.";
    };
    overlays = mkOption {
      default = null;
      type = types.nullOr (types.listOf overlayType);
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
