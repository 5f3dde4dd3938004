# The package set of a system.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.nixpkgs;
  opt = options.nixpkgs;
  asSet = c: if lib.isFunction c then c { pkgs = { }; } else c;
in
{
  options.nixpkgs = {
    pkgs = mkOption {
      type = types.raw;
      description = "The package set, when it is made elsewhere.";
    };
    config = mkOption {
      type = types.mkOptionType {
        name = "nixpkgs-config";
        description = "nixpkgs config";
        check = c: builtins.isAttrs c || lib.isFunction c;
        merge = _loc: defs: lib.foldr (d: acc: lib.recursiveUpdate (asSet d.value) acc) { } defs;
      };
      default = { };
      description = "Global configuration for Nixpkgs.";
    };
    overlays = mkOption {
      type = types.listOf types.raw;
      default = [ ];
      description = "List of overlays to apply to Nixpkgs.";
    };
    hostPlatform = mkOption {
      type = types.either types.str types.attrs;
      apply = lib.systems.elaborate;
      description = "The platform the system runs on.";
    };
    buildPlatform = mkOption {
      type = types.either types.str types.attrs;
      default = cfg.hostPlatform;
      apply = lib.systems.elaborate;
      description = "The platform the system is built on.";
    };
    system = mkOption {
      type = types.str;
      default = throw (
        if opt.hostPlatform.isDefined then
          "Neither ${opt.system} nor any other option in nixpkgs.* is meant\nto be read by modules and configurations.\nUse pkgs.stdenv.hostPlatform instead.\n"
        else
          "Neither ${opt.hostPlatform} nor the legacy option ${opt.system} has been set.\nYou can set ${opt.hostPlatform} in hardware-configuration.nix by re-running\na recent version of nixos-generate-config.\nThe option ${opt.system} is still fully supported for NixOS 22.05 interoperability,\nbut will be deprecated in the future, so we recommend to set ${opt.hostPlatform}.\n"
      );
      description = "The platform, by its older name.";
    };
  };
  config._module.args.pkgs = lib.mkOverride lib.modules.defaultOverridePriority (
    if opt.pkgs.isDefined then
      cfg.pkgs.appendOverlays cfg.overlays
    else
      import ../../.. {
        inherit (cfg) config overlays;
        system = if opt.hostPlatform.isDefined then cfg.hostPlatform.system else cfg.system;
      }
  );
  config.assertions = [
    {
      assertion = opt.pkgs.isDefined -> cfg.config == { };
      message = "Your system configures nixpkgs with an externally created instance.\n`nixpkgs.config` options should be passed when creating the instance instead.\n\nCurrent value:\n${lib.generators.toPretty { multiline = true; } cfg.config}\n\nDefined in:\n${lib.concatMapStringsSep "\n" (file: "  - ${file}") opt.config.files}\n";
    }
  ];
}
