# The user's nix.conf.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nix;
  value = v: if builtins.isList v then lib.concatMapStringsSep " " toString v else lib.generators.mkValueStringDefault { } v;
in
{
  options.nix = {
    enable = lib.mkEnableOption "the Nix configuration module" // { default = true; };
    package = mkOption {
      type = types.nullOr types.package;
      default = null;
      description = "The Nix package that the system should use.";
    };
    useXdg = mkOption {
      type = types.bool;
      default = false;
      internal = true;
      description = "Whether profiles live in the XDG state directory.";
    };
    settings = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      description = "Nix configuration options.";
    };
    extraOptions = mkOption {
      type = types.lines;
      default = "";
      description = "Additional text appended to nix.conf.";
    };
  };
  config = lib.mkIf (cfg.enable && (cfg.settings != { } || cfg.extraOptions != "")) {
    assertions = [
      {
        assertion = cfg.package != null;
        message = "A corresponding Nix package must be specified via `nix.package` for generating\nnix.conf.";
      }
    ];
    xdg.configFile."nix/nix.conf".text =
      "# WARNING: this file is generated from the nix.settings option in\n# your Home Manager configuration at $XDG_CONFIG_HOME/nix/nix.conf.\n# Do not edit it!\n"
      + lib.concatStrings (lib.mapAttrsToList (k: v: "${k} = ${value v}\n") cfg.settings)
      + cfg.extraOptions;
  };
}
