# Options that every real system sets and that have nothing to act on in a
# guest that has booted by itself: they are taken and change nothing.
{ config, lib, ... }:
let
  value = import ../../lib/accepted.nix { inherit lib; };
  taken = lib.mkOption {
    type = lib.types.submodule { freeformType = lib.types.attrsOf value; };
    default = { };
    description = "Accepted; changes nothing on the pocket channel.";
  };
  names = import ./unmodelled-names.nix;
in
{
  options = {
    boot = taken;
    fileSystems = taken;
    swapDevices = lib.mkOption {
      type = lib.types.listOf value;
      default = [ ];
      description = "Accepted; changes nothing on the pocket channel.";
    };
    hardware = lib.mkOption {
      type = lib.types.submodule {
        freeformType = lib.types.attrsOf value;
        # Generated hardware-configuration.nix files ask for it.
        options.enableRedistributableFirmware = lib.mkOption {
          type = lib.types.bool;
          default = config.hardware.enableAllFirmware or false;
          description = "Accepted; changes nothing on the pocket channel.";
        };
      };
      default = { };
      description = "Accepted; changes nothing on the pocket channel.";
    };
    documentation = taken;
    console = taken;
    fonts = lib.mkOption {
      type = lib.types.submodule {
        freeformType = lib.types.attrsOf value;
        # Homes ask for it.
        options.fontconfig = lib.mkOption {
          type = lib.types.submodule {
            freeformType = lib.types.attrsOf value;
            options.enable = lib.mkOption {
              type = lib.types.bool;
              default = true;
              description = "Whether programs find the system's fonts.";
            };
          };
          default = { };
          description = "Homes with packages of their own ask whether it is on; nothing else does on the pocket channel.";
        };
      };
      default = { };
      description = "Accepted; changes nothing on the pocket channel.";
    };
    powerManagement = taken;
  };
  config._module.args.namespaces = names;
  config._module.args.unknownOptionHint =
    path:
    if builtins.elem (builtins.head path) names then
      "\n\nThe pocket channel models only a part of NixOS; if NixOS itself has `${lib.showOption path}', run this scenario on the real channel."
    else
      "";
}
