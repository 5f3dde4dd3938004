# The user's nix.conf.
{ config, lib, osConfig, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../lib/since.nix) withoutYounger;
  cfg = config.nix;
  usesXdg = otherwise: nix: if nix.enable then nix.settings.use-xdg-base-directories or otherwise else otherwise;
  writes = cfg.enable && (cfg.settings != { } || cfg.extraOptions != "");
  value = v: if builtins.isList v then lib.concatMapStringsSep " " toString v else lib.generators.mkValueStringDefault { } v;
in
{
  options.nix = withoutYounger { assumeXdg = "26.05"; useXdg = "26.05"; } {
    enable = lib.mkEnableOption "the Nix configuration module" // { default = true; };
    package = mkOption {
      type = types.nullOr types.package;
      default = null;
      description = "The Nix package that the system should use.";
    };
    assumeXdg = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to assume that Nix is configured to use XDG base directories.";
    };
    useXdg = mkOption {
      type = types.bool;
      default = cfg.assumeXdg || usesXdg (usesXdg false (osConfig.nix or { enable = false; })) cfg;
      readOnly = true;
      visible = false;
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
  config = {
    assertions = [
      {
        assertion = !(cfg.assumeXdg or false && cfg.enable && cfg.settings ? use-xdg-base-directories);
        message = "`nix.assumeXdg` should not be set if `nix.settings.use-xdg-base-directories` is.\n";
      }
      {
        assertion = writes -> cfg.package != null;
        message = "A corresponding Nix package must be specified via `nix.package` for generating\nnix.conf.";
      }
    ];
    xdg.configFile = lib.mkIf writes {
      "nix/nix.conf".text =
        "# WARNING: this file is generated from the nix.settings option in\n# your Home Manager configuration at $XDG_CONFIG_HOME/nix/nix.conf.\n# Do not edit it!\n"
        + lib.concatStringsSep "\n" (lib.mapAttrsToList (k: v: "${k} = ${value v}") cfg.settings)
        + "\n${cfg.extraOptions}\n";
    };
  };
}
