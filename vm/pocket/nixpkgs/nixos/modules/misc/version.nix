# system.stateVersion and the release.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.system = {
    stateVersion = mkOption {
      type = types.str;
      default = lib.warn "system.stateVersion is not set, defaulting to ${config.system.nixos.release}. Read why this matters on https://nixos.org/manual/nixos/stable/options.html#opt-system.stateVersion." config.system.nixos.release;
      description = "The release whose defaults this system was made for.";
    };
    nixos = {
      release = mkOption {
        type = types.str;
        readOnly = true;
        default = lib.trivial.release;
        description = "The NixOS release.";
      };
      version = mkOption {
        type = types.str;
        internal = true;
        default = lib.trivial.version;
        description = "The full NixOS version.";
      };
      label = mkOption {
        type = types.str;
        default = config.system.nixos.version;
        description = "The label in boot menus and of the system's derivation.";
      };
    };
  };
}
