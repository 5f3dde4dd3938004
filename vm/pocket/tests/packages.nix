# Packages: shape, overriding, overlays, unfree, collisions of names.
{ lib, pkgs, channel, ... }:
let
  list = import (channel + "/nixpkgs/pkgs/debian/packages.nix");
  with' = args: import (channel + "/nixpkgs") ({ system = "x86_64-linux"; } // args);
in
{
  equal = {
    enough = [ (builtins.length (builtins.attrNames list) >= 40) true ];
    named = [ (lib.all (p: pkgs ? ${p}) [ "hello" "git" "jq" "ripgrep" "fd" "bat" "tmux" "vim" "neovim" "htop" "tree" "curl" "zsh" "thunderbird" "keepassxc" ]) true ];
    shape = [ [ (lib.isDerivation pkgs.git) pkgs.git.pname pkgs.git.meta.mainProgram pkgs.git.meta.unfree pkgs.git.outputs (lib.getName pkgs.git) ] [ true "git" "git" false [ "out" ] "git" ] ];
    main-program = [ (baseNameOf (lib.getExe pkgs.ripgrep)) "rg" ];
    override-attrs = [ (pkgs.hello.overrideAttrs (old: { pname = old.pname + "-x"; version = "9"; })).name "hello-x-9" ];
    override-attrs-final = [ (pkgs.hello.overrideAttrs (final: prev: { version = "8"; tag = final.version; })).tag "8" ];
    # What a package says of itself changes nothing that is built.
    override-meta = [
      (map (
        p:
        let
          new = p.overrideAttrs (old: { meta = (old.meta or { }) // { priority = 3; }; });
        in
        [ new.meta.priority (new.drvPath == p.drvPath) ]
      ) [ pkgs.hello (pkgs.writeText "x" "x") (pkgs.runCommand "x" { } "true") (pkgs.buildEnv { name = "x"; paths = [ ]; }) ])
      [ [ 3 true ] [ 3 true ] [ 3 true ] [ 3 true ] ]
    ];
    overlay = [ (with' { overlays = [ (final: prev: { hello = prev.hello.overrideAttrs { version = "7"; }; two = [ final.hello.version ]; }) ]; }).two [ "7" ] ];
    extend = [ (pkgs.extend (final: prev: { new = 1; })).new 1 ];
    overlays-kept = [ (builtins.length (with' { overlays = [ (_: _: { }) ]; }).overlays) 1 ];
    allow-unfree = [ (lib.isString (with' { config.allowUnfree = true; }).hello-unfree.drvPath) true ];
    allow-predicate = [ (lib.isString (with' { config.allowUnfreePredicate = p: lib.getName p == "example-unfree-package"; }).hello-unfree.drvPath) true ];
    unfree-marked = [ pkgs.hello-unfree.meta.unfree true ];
    reimport = [ (import pkgs.path { system = "x86_64-linux"; }).hello.drvPath pkgs.hello.drvPath ];
    call-package = [ (pkgs.callPackage ({ hello, extra ? 1 }: { v = hello.pname; inherit extra; }) { extra = 2; }).extra 2 ];
    final-attrs = [ (pkgs.stdenv.mkDerivation (final: { pname = "p"; version = "1"; passthru.me = final.finalPackage.name; })).me "p-1" ];
    package-overrides = [ (with' { config.packageOverrides = p: { mine = p.hello; }; }).mine.pname "hello" ];
    priorities = [ (map (p: p.meta.priority) [ (pkgs.hiPrio pkgs.hello) (pkgs.lowPrio pkgs.hello) ]) [ (-10) 10 ] ];
    # A script that bash cannot read fails its build; a check of the caller's own replaces that.
    scripts-are-checked = [
      (map (p: lib.hasInfix "/bin/bash -n -O extglob \"$target\"" (toString p.args)) [
        (pkgs.writeShellScript "x" "")
        (pkgs.writeShellScriptBin "x" "")
        (pkgs.writeShellApplication { name = "x"; text = ""; })
        (pkgs.writeShellApplication { name = "x"; text = ""; checkPhase = "[[ -s $target ]]"; })
        (pkgs.writeScript "x" "")
      ])
      [ true true true false false ]
    ];
    own-check = [ (lib.hasInfix "[[ -s $target ]]" (toString (pkgs.writeShellApplication { name = "x"; text = ""; checkPhase = "[[ -s $target ]]"; }).args)) true ];
    # What a module of the real Home Manager does to a settings file.
    settings-overridden = [
      (lib.hasInfix "sed" (((pkgs.formats.toml { }).generate "x" { a = 1; }).overrideAttrs (old: { buildCommand = old.buildCommand + "sed -i s/1/2/ $out\n"; })).buildCommand)
      true
    ];
    desktop-item = [
      (pkgs.makeDesktopItem { name = "x"; desktopName = "X"; mimeTypes = [ "a/b" "c/d" ]; noDisplay = true; actions.New.exec = "x -n"; }).text
      "[Desktop Entry]\nActions=New\nMimeType=a/b;c/d\nName=X\nNoDisplay=true\nType=Application\nVersion=1.5\n\n[Desktop Action New]\nExec=x -n\nName=New\n"
    ];
    # What modules take of a package besides its programs.
    other-outputs = [ (map lib.isDerivation [ pkgs.dconf.lib pkgs.helix.src ]) [ true true ] ];
    # By name alone, for modules that name them, and for scenarios that ask for it; what is there stays.
    stand-ins = [
      (
        let
          standIns = import (channel + "/nixpkgs/pkgs/stand-in-programs.nix") { inherit lib pkgs; };
          named = standIns.named pkgs [ "git" "nodePackages.prettier" "zig" "vimPlugins.rare" "vimPlugins.rarer" ];
        in
        [ pkgs.waybar.version (lib.versionAtLeast pkgs.ghostty.version "1.2") pkgs.helix.meta.mainProgram (pkgs.python3.withPackages (_: throw "never")).pname (builtins.attrNames named) named.nodePackages.prettier.meta.mainProgram (map (p: named.vimPlugins ? ${p}) [ "rare" "rarer" "nerdtree" ]) ]
      )
      [ "99-stand-in" true "hx" "python3" [ "nodePackages" "vimPlugins" "zig" ] "prettier" [ true true true ] ]
    ];
    # None hides a program that is there.
    stand-ins-hide-nothing = [
      (builtins.attrNames (builtins.intersectAttrs list (import (channel + "/nixpkgs/pkgs/stand-in-programs.nix") { inherit lib pkgs; }).packages))
      [ ]
    ];
    file-names = [ ((pkgs.formats.ini { }).generate "gammastep/config.ini" { }).name "gammastep-config.ini" ];
    neovim = [
      (pkgs.wrapNeovimUnstable pkgs.neovim-unwrapped { neovimRcContent = "let g:a = 1"; plugins = [ { plugin = pkgs.vimPlugins.vim-nix; config = "let g:b = 1"; } ]; }).viml
      "let g:b = 1\nlet g:a = 1"
    ];
    firefox = [ (lib.hasInfix "BlockAboutConfig" (pkgs.firefox.override (old: { extraPolicies = (old.extraPolicies or { }) // { BlockAboutConfig = true; }; })).policies) true ];
    tmux-plugin = [ (baseNameOf pkgs.tmuxPlugins.resurrect.rtp) "resurrect.tmux" ];
    every-one-evaluates = [ (lib.all (n: lib.isString pkgs.${n}.drvPath) (builtins.attrNames list)) true ];
    other-systems = [ (lib.isString (with' { system = "aarch64-darwin"; }).hello.drvPath) true ];
  };
  refused = {
    unfree = {
      expr = pkgs.hello-unfree.drvPath;
      says = "has an unfree license (‘unfree’), refusing to evaluate.";
    };
    unfree-hint = {
      expr = pkgs.hello-unfree.outPath;
      says = "{ nixpkgs.config.allowUnfree = true; }";
    };
    missing = {
      expr = pkgs.nonexistent;
      says = "attribute 'nonexistent' missing";
    };
    removed = {
      expr = pkgs.exa.name;
      says = "'exa' has been removed because it is unmaintained upstream.";
    };
    shell-for-development = {
      expr = (pkgs.mkShell { }).drvPath;
      says = "nixpkgs has `pkgs.mkShell', but the pocket channel does not model it";
    };
    unknown-argument = {
      expr = (pkgs.git.override { withManual = false; }).name;
      says = "The pocket channel does not model the argument 'withManual' of the package 'git'";
    };
  };
}
