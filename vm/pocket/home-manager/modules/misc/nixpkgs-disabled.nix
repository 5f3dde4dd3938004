# With `useGlobalPkgs` the system's packages are used, and the home's own
# nixpkgs options must not be set.
{ config, lib, ... }:
let
  cfg = config.nixpkgs;
  option = lib.mkOption {
    default = null;
    type = lib.types.nullOr lib.types.raw;
    visible = false;
    description = "Not available with useGlobalPkgs.";
  };
in
{
  options.nixpkgs = {
    config = option;
    overlays = option // { type = lib.types.nullOr (lib.types.listOf lib.types.raw); };
  };
  config.warnings = lib.optional (cfg.config != null || cfg.overlays != null) ''
    You have set either `nixpkgs.config` or `nixpkgs.overlays` while using `home-manager.useGlobalPkgs`.
    This will soon not be possible. Please remove all `nixpkgs` options when using `home-manager.useGlobalPkgs`.
  '';
}
