# With `useGlobalPkgs` the system's packages are used, and the home's own
# nixpkgs options must not be set: one is warned of, both are refused.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.nixpkgs;
  inherit (import ./nixpkgs-types.nix { inherit lib pkgs; }) configType overlayType;
in
{
  options.nixpkgs = {
    config = mkOption {
      default = null;
      type = types.nullOr (configType (first: second: first // second));
      visible = false;
      description = "Not available with useGlobalPkgs.";
    };
    overlays = mkOption {
      default = null;
      type = types.nullOr (types.listOf overlayType);
      visible = false;
      description = "Not available with useGlobalPkgs.";
    };
  };
  config = {
    assertions = [
      {
        assertion = cfg.config == null || cfg.overlays == null;
        message = ''
          `nixpkgs` options are disabled when `home-manager.useGlobalPkgs` is enabled.
        '';
      }
    ];
    warnings = lib.optional (cfg.config != null || cfg.overlays != null) ''
      You have set either `nixpkgs.config` or `nixpkgs.overlays` while using `home-manager.useGlobalPkgs`.
      This will soon not be possible. Please remove all `nixpkgs` options when using `home-manager.useGlobalPkgs`.
    '';
  };
}
