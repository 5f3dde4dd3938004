# Home Manager installs and manages itself.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (import ../lib/since.nix) withoutYounger;
  cfg = config.programs.home-manager;
  package = pkgs.callPackage ../../home-manager { inherit (cfg) path; };
in
{
  options.programs.home-manager = withoutYounger { package = "25.11"; } {
    enable = lib.mkEnableOption "Home Manager";
    path = lib.mkOption {
      type = lib.types.nullOr lib.types.str;
      default = null;
      description = "The default path to use for Home Manager.";
    };
    package = lib.mkOption {
      type = lib.types.package;
      readOnly = true;
      description = "The home-manager package.";
      default = package;
    };
  };
  config = lib.mkIf (cfg.enable && !config.submoduleSupport.enable) { home.packages = [ package ]; };
}
