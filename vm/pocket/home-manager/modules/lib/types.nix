# Option types of Home Manager's own.
{ lib }:
let
  inherit (lib) mkOption types;
  entryOf =
    elemType:
    let
      entry = types.submodule {
        options = {
          data = mkOption { type = elemType; };
          after = mkOption { type = types.listOf types.str; };
          before = mkOption { type = types.listOf types.str; };
        };
      };
    in
    types.mkOptionType {
      name = "dagEntryOf";
      description = "DAG entry of ${elemType.description}";
      merge =
        loc: defs:
        entry.merge loc (
          map (d: {
            inherit (d) file;
            value = if lib.hm.dag.isEntry d.value then d.value else lib.hm.dag.entryAnywhere d.value;
          }) defs
        );
    };
in
{
  dagOf =
    elemType:
    let
      attrs = types.attrsOf (entryOf elemType);
    in
    types.mkOptionType {
      name = "dagOf";
      description = "DAG of ${elemType.description}";
      inherit (attrs) check merge emptyValue;
    };
}
