# The `utils` argument of NixOS modules.
{ lib }:
{
  escapeSystemdPath =
    s:
    let
      trimmed = lib.removeSuffix "/" (lib.removePrefix "/" s);
      char = c: if c == "/" then "-" else if builtins.match "[a-zA-Z0-9:_.]" c != null then c else "\\x${lib.toLower (lib.toHexString (lib.strings.charToInt c))}";
    in
    if s == "/" then "-" else lib.concatMapStrings char (lib.stringToCharacters trimmed);
  toShellPath =
    shell:
    if lib.isDerivation shell then
      "/run/current-system/sw${shell.shellPath or (throw "${shell} is not a shell package")}"
    else
      shell;
}
