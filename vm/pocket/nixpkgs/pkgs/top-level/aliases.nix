# Other names of packages, and the names that are gone with what to use instead.
{
  lib,
  pkgs,
  prev,
}:
lib.optionalAttrs prev.config.allowAliases (import ./revision-aliases.nix // {
  bashInteractive = pkgs.bash;
  bashNonInteractive = pkgs.bash;
  gnupg_2 = pkgs.gnupg;
  ps = pkgs.procps;
  sqlite-interactive = pkgs.sqlite;
  xorg = prev.xorg // { inherit (pkgs) lndir xrandr xrdb xset xsetroot; };
  python3Full = pkgs.python3;
  nixfmt-rfc-style = pkgs.nixfmt;
  taskwarrior2 = pkgs.taskwarrior;
  man = pkgs.man-db;
  gitMinimal = pkgs.git;
  gitFull = pkgs.git;
  vim-full = pkgs.vim;
  gnupg1 = throw "'gnupg1' has been removed; use 'gnupg' instead";
  exa = throw "'exa' has been removed because it is unmaintained upstream. Consider using 'eza', a maintained fork";
})
