# Options that Home Manager has and this channel lacks are refused like any
# unknown option, with a hint to the real channel. Costs nothing otherwise.
{ lib, ... }:
let
  inherit (import ./lib/since.nix) since;
  # What modules.nix has for the newest release alone.
  newest = {
    programs = [ "git" "password-store" "zsh" ];
    xdg = [ "userDirs" ];
  };
  unmodelled = import ./unmodelled-names.nix;
  # What holds the options of many modules, and none of this channel's.
  namespaces = [ "accounts" "launchd" "services" "targets" ];
  # The part of the path that is such an option, or options are below of.
  knownIn =
    names: n: path:
    let
      above = if n == 1 then "top" else lib.concatStringsSep "." (lib.take (n - 1) path);
    in
    if n > builtins.length path then
      [ ]
    else if builtins.elem (builtins.elemAt path (n - 1)) (names.${above} or [ ]) then
      lib.take n path
    else
      knownIn names (n + 1) path;
in
{
  _module.args.namespaces = namespaces;
  _module.args.unknownOptionHint =
    path:
    let
      option = knownIn unmodelled 1 path;
      newer = if since "26.05" then [ ] else knownIn newest 1 path;
    in
    if builtins.length path > 1 && builtins.elem (builtins.head path) namespaces then
      "\n\nThe pocket channel models no option below `${builtins.head path}'; if Home Manager itself has `${lib.showOption path}', run this scenario on the real channel."
    else if newer != [ ] then
      "\n\nOf the pocket channel's revisions only 26.05 has `${lib.showOption newer}'; run this scenario on that, or on the real channel."
    else
    lib.optionalString (option != [ ])
      "\n\nHome Manager ${if since "26.05" then "itself" else "26.05"} has `${lib.showOption option}', but the pocket channel does not model it; run this scenario on the real channel.";
}
