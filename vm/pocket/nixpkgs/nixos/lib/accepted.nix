# The type of what is taken and changes nothing: any value. What several modules say is joined, as nobody knows better.
{ lib }:
let
  value = lib.types.mkOptionType {
    name = "accepted";
    merge =
      loc: defs:
      let
        all = check: lib.all (d: check d.value) defs;
        values = map (d: d.value) defs;
      in
      if all lib.isList then
        lib.concatLists values
      else if all (v: lib.isAttrs v && !lib.isDerivation v) then
        (lib.types.attrsOf value).merge loc defs
      else if all lib.isString then
        lib.concatStringsSep "\n" (lib.unique values)
      else
        lib.types.anything.merge loc defs;
  };
in
value
