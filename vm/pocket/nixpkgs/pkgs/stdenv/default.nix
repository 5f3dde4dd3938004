# `stdenv`: derivations built by the machine's own bash and coreutils.
{ lib, pkgs }:
let
  platform = lib.systems.elaborate pkgs.system;
  checkMeta = import ./check-meta.nix {
    inherit lib;
    inherit (pkgs) config;
  };
  mkDerivation = import ./make-derivation.nix {
    inherit lib checkMeta;
    inherit (pkgs) system;
  };
  stdenv = {
    name = "stdenv-pocket";
    system = pkgs.system;
    inherit mkDerivation;
    hostPlatform = platform;
    buildPlatform = platform;
    targetPlatform = platform;
    inherit (platform) isLinux isDarwin isx86_64 isAarch64 is64bit;
    shell = "/bin/bash";
    shellDryRun = "/bin/bash -n -O extglob";
    # Of a compiler's parts, those that are not for compiling.
    cc = {
      outPath = throw "The pocket channel has no compiler; run this scenario on the real channel.";
      libc = pkgs.glibc;
      bintools.dynamicLinker = "${pkgs.glibc}/lib/ld-linux-${if platform.isAarch64 then "aarch64.so.1" else "x86-64.so.2"}";
    };
  };
in
{
  inherit stdenv;
  stdenvNoCC = stdenv;
}
