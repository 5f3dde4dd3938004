# `import <home-manager> { }`: what the channel has for people without flakes.
{
  pkgs ? import <nixpkgs> { },
}:
rec {
  path = builtins.path {
    path = ./.;
    name = "home-manager-source";
  };
  home-manager = pkgs.callPackage ./home-manager { inherit path; };
}
