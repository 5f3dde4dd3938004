# The types of nixpkgs.config and nixpkgs.overlays.
{ lib, pkgs }:
let
  called = f: x: if lib.isFunction f then f x else f;
  # The overrides of both, where the first has any.
  overrides =
    name: first: second:
    lib.optionalAttrs (first ? ${name}) {
      ${name} = pkgs: called first.${name} pkgs // called (second.${name} or { }) pkgs;
    };
in
{
  # `join` makes one set of two.
  configType =
    join:
    let
      both =
        first': second:
        let
          first = called first' { inherit pkgs; };
        in
        join first second
        // overrides "packageOverrides" first second
        // overrides "perlPackageOverrides" first second;
    in
    lib.mkOptionType {
      name = "nixpkgs-config";
      description = "nixpkgs config";
      # What is no configuration is shown before it is refused.
      check = c: builtins.isAttrs c || lib.isFunction c || lib.traceSeqN 1 c false;
      merge = _loc: lib.foldr (def: both def.value) { };
    };
  overlayType = lib.mkOptionType {
    name = "nixpkgs-overlay";
    description = "nixpkgs overlay";
    check = lib.isFunction;
    merge = lib.mergeOneOption;
  };
}
