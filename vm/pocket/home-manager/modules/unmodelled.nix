# Options that Home Manager has and this channel lacks are refused like any
# unknown option, with a hint to the real channel. Costs nothing otherwise.
{ lib, ... }:
let
  names = import ./unmodelled-names.nix;
  exists =
    path:
    let
      first = builtins.head path;
    in
    builtins.elem first names.top
    || (builtins.length path > 1 && builtins.elem (builtins.elemAt path 1) (names.${first} or [ ]));
  # Parts of modules that are here: whatever else is below them.
  partly = path: builtins.elem (lib.concatStringsSep "." (lib.take 2 path)) [
    "programs.bash" "programs.git" "programs.zsh" "programs.vim" "programs.man" "systemd.user" "xdg.portal" "xdg.mimeApps" "xdg.desktopEntries" "xdg.autostart" "nix.gc" "nix.registry" "nix.nixPath" "fonts.fontconfig" "home.pointerCursor"
  ];
in
{
  _module.args.unknownOptionHint =
    path:
    if exists path then
      "\n\nHome Manager itself has `${lib.showOption (lib.take 2 path)}', but the pocket channel does not model it; run this scenario on the real channel."
    else if partly path then
      "\n\nThe pocket channel models only a part of `${lib.showOption (lib.take 2 path)}'; if Home Manager itself has this option, run this scenario on the real channel."
    else
      "";
}
