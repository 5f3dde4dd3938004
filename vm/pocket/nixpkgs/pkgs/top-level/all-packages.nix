# Packages that are made here and do not come from Debian.
{
  lib,
  pkgs,
  prev,
}:
let
  vim = import ../vim { inherit lib pkgs; };
in
import ../firefox { inherit lib pkgs; }
// import ../stand-ins.nix { inherit lib pkgs; }
// (import ../stand-in-programs.nix { inherit lib pkgs; }).packages
// import ../vim/neovim.nix { inherit lib pkgs; inherit (vim) packDir; }
// {
  inherit (lib) hiPrio lowPrio;
  inherit (vim) vimPlugins;
  vim = prev.vim // { customize = vim.customize prev.vim; };
  vimUtils = { inherit (vim) packDir vimrcFile; };
  neovim-unwrapped = prev.neovim // { lua.pkgs = { }; };

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

  # Locale data: the C library brings its own, so this is a name only.
  glibcLocales = (pkgs.runCommandLocal "glibc-locales-2.41" { } "mkdir -p $out/lib/locale; touch $out/lib/locale/locale-archive") // { version = "2.41"; override = _: pkgs.glibcLocales; };

  unixtools = { hostname = pkgs.inetutils; ps = pkgs.procps; };
  nixos-option = pkgs.writeShellScriptBin "nixos-option" ''
    echo "The pocket channel does not model nixos-option; run this scenario on the real channel." >&2
    exit 1
  '';
  # Manuals are not rendered: a page says so. Options are not even evaluated.
  nixosOptionsDoc = _args: {
    optionsJSON = pkgs.runCommandLocal "options.json" { } ''
      mkdir -p $out/share/doc/nixos $out/nix-support
      echo '{}' > $out/share/doc/nixos/options.json
      echo "file json $out/share/doc/nixos/options.json" > $out/nix-support/hydra-build-products
    '';
    optionsNix = { };
  };
  nixos-render-docs = pkgs.writeShellScriptBin "nixos-render-docs" ''
    printf '.TH "POCKET" "5"\n.SH NAME\nThe pocket channel renders no manuals.\n' > "''${!#}"
  '';
  nixos-rebuild = pkgs.writeShellScriptBin "nixos-rebuild" (builtins.readFile ./nixos-rebuild.sh);
  # Starts, stops and restarts a user's units when their files change.
  sd-switch = pkgs.writeScriptBin "sd-switch" ("#!${pkgs.perl}/bin/perl\n" + builtins.readFile ../sd-switch/sd-switch.pl);

  # zsh's own functions complete Nix; the package exists to be installed.
  nix-zsh-completions = pkgs.runCommandLocal "nix-zsh-completions-0.5.1" { } "mkdir -p $out/share/zsh/site-functions $out/share/zsh/plugins/nix";

  # Nothing can be compiled or developed with this channel.
  mkShell = import ../../not-modelled.nix "pkgs.mkShell";
  mkShellNoCC = import ../../not-modelled.nix "pkgs.mkShellNoCC";

  # X's tool that mirrors a directory by links.
  lndir = pkgs.writeShellScriptBin "lndir" (builtins.readFile ../build-support/lndir.sh);
}
