# The defaults that change with home.stateVersion.
{
  lib,
  base,
  homeWith,
  ...
}:
let
  at = v: module: (homeWith { } [ { home = base.home // { stateVersion = v; }; } module ]).config;
  signing = v: (at v { programs.git.enable = true; }).programs.git.signing.format;
  zsh = v: (at v { programs.zsh.enable = true; xdg.enable = true; }).programs.zsh.dotDir;
  pass = v: (at v { programs.password-store.enable = true; }).home.sessionVariables ? PASSWORD_STORE_DIR;
  dirs = v: (at v { xdg.userDirs.enable = true; }).home.sessionVariables ? XDG_DESKTOP_DIR;
in
{
  equal = {
    git-signing-format = [ (map signing [ "23.05" "24.11" "25.05" "26.05" ]) [ "openpgp" "openpgp" null null ] ];
    zsh-dot-dir = [ (map zsh [ "23.05" "25.11" "26.05" ]) [ "/home/alice" "/home/alice" "/home/alice/.config/zsh" ] ];
    password-store = [ (map pass [ "23.05" "25.05" "25.11" "26.05" ]) [ true true false false ] ];
    user-dirs = [ (map dirs [ "23.05" "25.11" "26.05" ]) [ true true false ] ];
    user-dirs-keys = [
      (map (v: builtins.attrNames (at v { xdg.userDirs = { enable = true; extraConfig.XDG_MISC_DIR = "/m"; }; }).xdg.userDirs.extraConfig) [ "25.11" "26.05" ])
      [ [ "MISC" ] [ "XDG_MISC_DIR" ] ]
    ];
    password-store-says = [
      (map (lib.hasInfix "`{ PASSWORD_STORE_DIR = \"$XDG_DATA_HOME/password-store\"; }` to `{ }`") (at "25.05" { programs.password-store.enable = true; }).warnings)
      [ true ]
    ];
    activation-path = [ (map (v: (at v { }).home.emptyActivationPath) [ "22.05" "22.11" ]) [ false true ] ];
    releases = [
      (builtins.filter (v: (builtins.tryEval (at v { }).home.stateVersion).success) [ "18.03" "18.09" "19.03" "20.09" "21.03" "21.05" "21.09" "21.11" "22.03" "26.05" "26.11" ])
      [ "18.09" "19.03" "20.09" "21.03" "21.05" "21.11" "26.05" ]
    ];
    zsh-relative-dot-dir-says = [
      (map (lib.hasSuffix "- config.home.homeDirectory (user's home directory)\n- config.xdg.configHome (XDG config directory)\n- config.xdg.dataHome (XDG data directory)\n- config.xdg.cacheHome (XDG cache directory)\n") (at "26.05" { programs.zsh = { enable = true; dotDir = "zsh"; }; }).warnings)
      [ true ]
    ];
    keyboard = [ (map (v: (at v { }).home.keyboard) [ "21.05" "21.11" ]) [ { } null ] ];
  };
}
