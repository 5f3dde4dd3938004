# All modules of a home.
{
  pkgs,
  lib,
  check ? true,
  useNixpkgsModule ? true,
}:
let
  inherit (import ./lib/since.nix) since;
  modules = [
    ./config/i18n.nix
    ./files.nix
    ./generation.nix
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
    ./programs/bash.nix
    ./programs/home-manager.nix
    ./programs/man.nix
    ./programs/vim.nix
    ./systemd.nix
    ./unmodelled.nix
    (pkgs.path + "/nixos/modules/misc/assertions.nix")
    (pkgs.path + "/nixos/modules/misc/meta.nix")
    (if useNixpkgsModule then ./misc/nixpkgs.nix else ./misc/nixpkgs-disabled.nix)
  ]
  # Modelled as this release has them, and refused by name in a channel that stands in for an older one.
  ++ lib.optionals (since "26.05") [
    ./misc/xdg-user-dirs.nix
    ./programs/git.nix
    ./programs/password-store.nix
    ./programs/zsh
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
