# homeManagerConfiguration
{
  pkgs,
  modules ? [ ],
  extraSpecialArgs ? { },
  lib ? pkgs.lib,
  check ? true,
  minimal ? false,
}:
import ../modules {
  inherit
    pkgs
    lib
    check
    extraSpecialArgs
    ;
  configuration = {
    imports = modules;
    programs.home-manager.path = lib.mkDefault (toString ../.);
    nixpkgs = {
      config = lib.mkDefault pkgs.config;
      inherit (pkgs) overlays;
    };
  };
}
