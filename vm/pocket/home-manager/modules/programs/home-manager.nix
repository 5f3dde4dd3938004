# Home Manager installs and manages itself.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.programs.home-manager;
in
{
  options.programs.home-manager = {
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
      default = pkgs.callPackage ../../home-manager { inherit (cfg) path; };
    };
  };
  config = lib.mkIf (cfg.enable && !config.submoduleSupport.enable) { home.packages = [ cfg.package ]; };
}
