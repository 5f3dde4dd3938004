# The package set: one fixed point of layers, the user's overlays on top.
{
  system,
  config,
  overlays,
}:
let
  lib = import ../../lib;
  asSet = c: if lib.isFunction c then c { inherit pkgs; } else c;
  config' = import ./config.nix { inherit lib; } (asSet config);

  base = final: {
    inherit lib system overlays;
    config = config';
    _type = "pkgs";
    path = ../..;
    pkgs = final;
    callPackage = lib.callPackageWith (final // { pkgs = final; });
    callPackages = lib.callPackagesWith (final // { pkgs = final; });
    newScope = extra: lib.callPackageWith (final // { pkgs = final; } // extra);
    extend = overlay: pkgsFor (overlays ++ [ overlay ]);
    appendOverlays = more: pkgsFor (overlays ++ more);
    buildPackages = final;
    pkgsBuildBuild = final;
    pkgsBuildHost = final;
    targetPackages = final;
    hostPlatform = final.stdenv.hostPlatform;
    buildPlatform = final.stdenv.buildPlatform;
    targetPlatform = final.stdenv.targetPlatform;
    nixos = configuration: import ../../nixos/lib/eval-config.nix { inherit lib; modules = [ configuration { nixpkgs.pkgs = final; } ]; };
  };
  layers = [
    (final: _prev: import ../stdenv { inherit lib; pkgs = final; })
    (final: _prev: import ../build-support { inherit lib; pkgs = final; })
    (final: _prev: import ../debian { inherit lib; pkgs = final; })
    (final: prev: import ./all-packages.nix { inherit lib prev; pkgs = final; })
    (final: prev: import ./system-parts.nix { inherit lib prev; pkgs = final; })
    (final: prev: import ./aliases.nix { inherit lib prev; pkgs = final; })
    # What a scenario wants stood in for: a list of names beside the channel's own files.
    (final: prev: lib.optionalAttrs (builtins.pathExists ../../stand-ins.json) (
      (import ../stand-in-programs.nix { inherit lib; pkgs = final; }).named prev (lib.importJSON ../../stand-ins.json)
    ))
    (_final: prev: lib.optionalAttrs (config' ? packageOverrides) (config'.packageOverrides prev))
  ];
  pkgsFor = overlays: lib.fix (lib.foldl' (set: layer: lib.extends layer set) (final: base final // { inherit overlays; }) (layers ++ overlays));
  pkgs = pkgsFor overlays;
in
pkgs
