# All modules of a home.
{
  pkgs,
  lib,
  check ? true,
  useNixpkgsModule ? true,
}:
let
  modules = [
    ./config/i18n.nix
    ./files.nix
    ./home-environment.nix
    ./manual.nix
    ./misc/fontconfig.nix
    ./misc/lib.nix
    ./misc/news.nix
    ./misc/nix.nix
    ./misc/submodule-support.nix
    ./misc/uninstall.nix
    ./misc/version.nix
    ./misc/xdg.nix
    ./misc/xdg-user-dirs.nix
    ./programs/bash.nix
    ./programs/git.nix
    ./programs/home-manager.nix
    ./programs/man.nix
    ./programs/password-store.nix
    ./programs/vim.nix
    ./programs/zsh
    ./systemd.nix
    ./unmodelled.nix
    (pkgs.path + "/nixos/modules/misc/assertions.nix")
    (pkgs.path + "/nixos/modules/misc/meta.nix")
    (if useNixpkgsModule then ./misc/nixpkgs.nix else ./misc/nixpkgs-disabled.nix)
  ];
in
modules
++ [
  {
    _file = "modules.nix";
    config = {
      _module.args = {
        baseModules = modules;
        pkgsPath = lib.mkDefault pkgs.path;
        pkgs = lib.mkDefault pkgs;
      };
      _module.check = check;
      lib = lib.hm;
    }
    // lib.optionalAttrs useNixpkgsModule { nixpkgs.system = lib.mkDefault pkgs.stdenv.hostPlatform.system; };
  }
]
