# Packages that are made here and do not come from Debian.
{
  lib,
  pkgs,
  prev,
}:
{
  runtimeShell = "${pkgs.bash}/bin/bash";
  shellPackage = pkgs.bash;

  # nixpkgs' own example of a package that `allowUnfree` is needed for.
  hello-unfree = pkgs.stdenv.mkDerivation {
    pname = "example-unfree-package";
    version = "1.0";
    dontUnpack = true;
    installPhase = ''
      mkdir -p $out/bin
      printf '#!/bin/sh\necho "Hello, you are running an unfree system!"\n' > $out/bin/hello-unfree
      chmod +x $out/bin/hello-unfree
    '';
    meta = {
      description = "Example package with unfree license (for testing)";
      license = lib.licenses.unfree;
      mainProgram = "hello-unfree";
      platforms = lib.platforms.all;
    };
  };

  # X's tool that mirrors a directory by links.
  lndir = pkgs.writeShellScriptBin "lndir" (builtins.readFile ../build-support/lndir.sh);
}
