# The packages of a home that uses what homes usually use. Built into guest
# images, so that the first switch in a guest builds only what is its own.
{ nixpkgs, system }:
let
  pkgs = import nixpkgs { inherit system; };
in
(import ./modules {
  inherit pkgs;
  configuration = {
    home.username = "typical";
    home.homeDirectory = "/home/typical";
    home.stateVersion = (import ./release.nix).release;
    programs.bash.enable = true;
    programs.zsh.enable = true;
    programs.git.enable = true;
    programs.vim.enable = true;
  };
}).activationPackage
