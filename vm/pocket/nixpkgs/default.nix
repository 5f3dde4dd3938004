# `import <nixpkgs> { … }`
{
  system ? localSystem.system or localSystem,
  localSystem ? builtins.currentSystem or "x86_64-linux",
  config ? { },
  overlays ? [ ],
  ...
}:
import ./pkgs/top-level { inherit system config overlays; }
