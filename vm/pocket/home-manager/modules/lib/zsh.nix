# Lines for zsh.
{ lib }:
rec {
  # Words of an array, wrapped near 78 columns.
  arrayContent =
    items:
    let
      words = map lib.escapeShellArg items;
      step =
        acc: word:
        let
          longer = if acc.line == "" then word else "${acc.line} ${word}";
        in
        if lib.stringLength longer <= 78 then
          acc // { line = longer; }
        else
          {
            done = acc.done ++ [ acc.line ];
            line = word;
          };
      r = lib.foldl' step { done = [ ]; line = ""; } words;
      lines = r.done ++ lib.optional (r.line != "") r.line;
    in
    "\n  ${lib.concatStringsSep "\n  " lines}\n";
  toZshValue =
    v:
    if builtins.isBool v then
      lib.boolToString v
    else if builtins.isList v then
      "(${arrayContent (map toString v)})"
    else
      ''"${toString v}"'';
  define = n: v: "${n}=${toZshValue v}";
  defineAll = vars: lib.concatStringsSep "\n" (lib.mapAttrsToList define vars);
  export = n: v: "export ${define n v}";
  exportAll =
    vars:
    { indent ? "" }:
    lib.concatStringsSep "\n${indent}" (lib.mapAttrsToList export (lib.filterAttrs (_: v: v != null) vars));
}
