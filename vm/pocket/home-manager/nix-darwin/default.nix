# Home Manager in a nix-darwin system: evaluation only.
{ config, lib, ... }:
{
  imports = [ ../nixos/common.nix ];
  config.home-manager.extraSpecialArgs.darwinConfig = config;
}
