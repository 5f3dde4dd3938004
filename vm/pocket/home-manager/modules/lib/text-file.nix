# Small text files in the store.
{ lib, pkgs }:
let
  plain = text: lib.all (c: c ? path && c.path) (builtins.attrValues (builtins.getContext text));
in
{
  # A text without references to built packages needs no derivation: it goes
  # into the store while evaluating, which saves a guest a whole build.
  textFile =
    name: text: executable:
    if !executable && plain text then
      builtins.toFile name text
    else
      pkgs.writeTextFile { inherit name text executable; };
}
