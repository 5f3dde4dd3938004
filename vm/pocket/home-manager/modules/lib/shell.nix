# Lines for Bourne shells.
{ lib }:
rec {
  export = n: v: ''export ${n}="${if builtins.isBool v then lib.boolToString v else toString v}"'';
  exportAll = vars: lib.concatStringsSep "\n" (lib.mapAttrsToList export (lib.filterAttrs (_: v: v != null) vars));
  prependToVar = sep: n: v: "${lib.concatStringsSep sep v}\${${n}:+${sep}}\$${n}";
}
