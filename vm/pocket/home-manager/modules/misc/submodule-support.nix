# Whether this home is a part of a NixOS or nix-darwin system.
{ lib, ... }:
{
  options.submoduleSupport = {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = false;
      internal = true;
      description = "Whether Home Manager is used as a submodule.";
    };
    externalPackageInstall = lib.mkOption {
      type = lib.types.bool;
      default = false;
      internal = true;
      description = "Whether home.packages are installed by the system.";
    };
  };
  config._module.args = {
    osConfig = lib.mkDefault null;
    nixosConfig = lib.mkDefault null;
    darwinConfig = lib.mkDefault null;
  };
}
