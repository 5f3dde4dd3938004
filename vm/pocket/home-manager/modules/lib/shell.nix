# Lines for Bourne shells.
{ lib }:
let
  inherit (import ./since.nix) since;
in
rec {
  export = n: v: ''export ${n}="${if since "26.05" && builtins.isBool v then lib.boolToString v else toString v}"'';
  exportAll =
    vars:
    let
      set = if since "26.05" then lib.filterAttrs (_: v: v != null) vars else vars;
    in
    lib.concatStringsSep "\n" (lib.mapAttrsToList export set);
  prependToVar = sep: n: v: "${lib.concatStringsSep sep v}\${${n}:+${sep}}\$${n}";
}
