{ lib }:
{
  # A store name made from a path: unsafe characters, slashes among them, go.
  storeFileName =
    path:
    "hm_" + lib.concatStrings (builtins.filter builtins.isString (builtins.split "[^a-zA-Z0-9+._?=]" path));
  toSnakeCase =
    s: lib.concatMapStrings (p: if builtins.isString p then p else "_${lib.toLower (builtins.head p)}") (builtins.split "([A-Z])" s);
}
