# The programs of the channel: Debian's packages in nixpkgs' shape.
#
# `packages.nix` says which there are. `index.json` is written when a guest
# image is built and says which .deb files were downloaded; the very same
# derivations were realised then, so a guest finds every program in its store.
# Without an index (in the repository) everything evaluates, with version 0.
{ lib, pkgs }:
let
  index =
    if builtins.pathExists ./index.json then
      lib.importJSON ./index.json
    else
      {
        system = pkgs.system;
        libs = "";
        packages = { };
      };
  builder = builtins.readFile ./builder.sh;
  toDerivation = import ./package.nix { inherit lib pkgs builder index; };
in
{
  # All shared libraries of all programs, in one directory.
  debianLibs = toDerivation "debian-libs" {
    kind = "libs";
    description = "Shared libraries of the channel's programs";
    license = "publicDomain";
  };
}
// builtins.mapAttrs toDerivation (import ./revision-packages.nix (import ./packages.nix))
