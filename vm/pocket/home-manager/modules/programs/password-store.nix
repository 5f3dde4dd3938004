# pass; its settings are environment variables.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  cfg = config.programs.password-store;
  legacy = { PASSWORD_STORE_DIR = "${config.xdg.dataHome}/password-store"; };
  isLegacy =
    lib.hm.deprecations.isLegacy config.home.stateVersion "25.11" && options.programs.password-store.settings.highestPrio >= 1500;
  settings = lib.optionalAttrs isLegacy legacy // cfg.settings;
in
{
  options.programs.password-store = {
    enable = lib.mkEnableOption "Password store";
    package = lib.mkPackageOption pkgs "pass" { };
    settings = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      description = "The `pass` environment variables dictionary.";
    };
  };
  config = lib.mkIf cfg.enable {
    warnings = lib.optional isLegacy (
      lib.hm.deprecations.changedDefault {
        option = "programs.password-store.settings";
        since = "25.11";
        legacy = "{ PASSWORD_STORE_DIR = \"$XDG_DATA_HOME/password-store\"; }";
        current = "{ }";
      }
    );
    home.packages = [ cfg.package ];
    home.sessionVariables = settings;
  };
}
