# Nix itself is the guest's; the options are taken.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  taken = default: mkOption {
    type = import ../../lib/accepted.nix { inherit lib; };
    inherit default;
    description = "Accepted; changes nothing on the pocket channel.";
  };
in
{
  options.nix = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to enable Nix.";
    };
    package = mkOption {
      type = types.package;
      default = pkgs.nix;
      description = "The Nix package.";
    };
    settings = taken { };
    gc = taken { };
    optimise = taken { };
    registry = taken { };
    nixPath = taken [ ];
    channel = taken { };
    extraOptions = taken "";
  };
  config.i18n.glibcLocales = lib.mkDefault pkgs.glibcLocales;
}
