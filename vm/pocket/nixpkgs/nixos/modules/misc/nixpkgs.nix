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
      description = "The platform the system runs on.";
    };
    buildPlatform = mkOption {
      type = types.either types.str types.attrs;
      default = { };
      description = "The platform the system is built on.";
    };
    system = mkOption {
      type = types.str;
      default = builtins.currentSystem or "x86_64-linux";
      description = "The platform, by its older name.";
    };
  };
  config._module.args.pkgs = lib.mkOverride lib.modules.defaultOverridePriority (
    if options.nixpkgs.pkgs.isDefined then
      cfg.pkgs.appendOverlays cfg.overlays
    else
      import ../../.. {
        inherit (cfg) config overlays;
        system =
          if options.nixpkgs.hostPlatform.isDefined then
            cfg.hostPlatform.system or cfg.hostPlatform
          else
            cfg.system;
      }
  );
}
