# The modules of a NixOS system.
[
  ./config/networking.nix
  ./config/nix.nix
  ./config/shells-environment.nix
  ./config/system-path.nix
  ./config/users-groups.nix
  ./misc/accepted.nix
  ./misc/assertions.nix
  ./misc/lib.nix
  ./misc/meta.nix
  ./misc/nixpkgs.nix
  ./misc/version.nix
  ./system/activation-script.nix
  ./system/etc.nix
  ./system/systemd.nix
  ./system/top-level.nix
]
