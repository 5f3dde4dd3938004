# Paths of zsh's files.
{ config, lib }:
let
  cfg = config.programs.zsh;
  noSlash = lib.removeSuffix "/";
in
rec {
  home = noSlash config.home.homeDirectory;
  absolute =
    path:
    let
      p = noSlash path;
    in
    if lib.hasPrefix "/" p then p else "${home}/${p}";
  # A path that names a variable is left to the shell.
  shellPath = path: if lib.hasInfix "$" path then noSlash path else absolute path;
  dotDirAbs = absolute cfg.dotDir;
  dotDirRel =
    let
      p = noSlash cfg.dotDir;
    in
    if !lib.hasPrefix "/" p then
      p
    else if p == home then
      "."
    else if lib.hasPrefix "${home}/" p then
      lib.removePrefix "${home}/" p
    else
      throw ''
        Attempted to convert an absolute path not within home directory to a
        home-relative path.
        Conversion attempted on:
          ${cfg.dotDir}
        ...which does not start with:
          ${home}
      '';
}
