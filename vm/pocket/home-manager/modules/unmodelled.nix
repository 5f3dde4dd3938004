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
  names = lib.zipAttrsWith (_: lib.concatLists) ([ (import ./unmodelled-names.nix) ] ++ lib.optional (!since "26.05") newest);
  # What holds the options of many modules, and none of this channel's.
  namespaces = [ "accounts" "launchd" "services" "targets" ];
  # The part of the path that is such an option, or options are below of.
  known =
    n: path:
    let
      above = if n == 1 then "top" else lib.concatStringsSep "." (lib.take (n - 1) path);
    in
    if n > builtins.length path then
      [ ]
    else if builtins.elem (builtins.elemAt path (n - 1)) (names.${above} or [ ]) then
      lib.take n path
    else
      known (n + 1) path;
in
{
  _module.args.namespaces = namespaces;
  _module.args.unknownOptionHint =
    path:
    let
      option = known 1 path;
    in
    if builtins.length path > 1 && builtins.elem (builtins.head path) namespaces then
      "\n\nThe pocket channel models no option below `${builtins.head path}'; if Home Manager itself has `${lib.showOption path}', run this scenario on the real channel."
    else
    lib.optionalString (option != [ ])
      "\n\nHome Manager ${if since "26.05" then "itself" else "26.05"} has `${lib.showOption option}', but the pocket channel does not model it; run this scenario on the real channel.";
}
