# A home that uses what homes usually use, and a system with one. Built into
# guest images, so that the first switch in a guest builds only what is its own.
{ nixpkgs, system }:
let
  inherit (import ./modules/lib/since.nix) since;
  pkgs = import nixpkgs { inherit system; };

  # The same for a system whose homes Home Manager makes.
  system' = import (nixpkgs + "/nixos/lib/eval-config.nix") {
    inherit system;
    modules = [
      ./nixos
      {
        system.stateVersion = (import ./release.nix).release;
        users.users.typical.isNormalUser = true;
        home-manager.useUserPackages = true;
        home-manager.users.typical.home.stateVersion = (import ./release.nix).release;
      }
    ];
  };
  programs = [ "bash" "vim" ] ++ pkgs.lib.optionals (since "26.05") [ "git" "zsh" ];
  home =
    (import ./modules {
      inherit pkgs;
      configuration = {
        home.username = "typical";
        home.homeDirectory = "/home/typical";
        home.stateVersion = (import ./release.nix).release;
        programs = pkgs.lib.genAttrs programs (_: { enable = true; });
      };
    }).activationPackage;
in
pkgs.linkFarm "pocket-typical" {
  inherit home;
  nixos = system'.config.system.build.toplevel;
}
