# How the tests are written: a test file is a function of what is here and
# gives { equal = { name = [ got expected ]; }; refused = { name = { expr; says; }; }; }.
{ channel, older }:
let
  lib = import (channel + "/nixpkgs/lib");
  pkgs = import (channel + "/nixpkgs") { system = "x86_64-linux"; };
  base = {
    home.username = "alice";
    home.homeDirectory = "/home/alice";
    home.stateVersion = "26.05";
  };
  homeWith =
    args: modules:
    import (channel + "/home-manager/modules") (
      {
        inherit pkgs;
        configuration.imports = modules;
      }
      // args
    );
  tools = {
    inherit lib pkgs channel base homeWith;
    # The configuration of a home of the older revision.
    olderHome =
      module:
      (import (older + "/home-manager/modules") {
        pkgs = import (older + "/nixpkgs") { system = "x86_64-linux"; };
        configuration.imports = [ base { home.stateVersion = lib.mkForce "24.05"; } module ];
      }).config;
    # The configuration of a home made of the usual basics and `module`.
    home = module: (homeWith { } [ base module ]).config;
    evalWith = modules: (lib.evalModules { inherit modules; }).config;
  };
  test = feature: import (./. + "/${feature}.nix") tools;
in
{
  failures =
    feature:
    lib.concatLists (
      lib.mapAttrsToList (
        name: pair:
        let
          got = builtins.elemAt pair 0;
          expected = builtins.elemAt pair 1;
        in
        lib.optional (got != expected) "${name}: got ${lib.generators.toPretty { multiline = false; } got}, expected ${lib.generators.toPretty { multiline = false; } expected}"
      ) (test feature).equal or { }
    );
  refusals = feature: builtins.attrNames (test feature).refused or { };
  says = feature: name: (test feature).refused.${name}.says;
  refuse = feature: name: (test feature).refused.${name}.expr;
}
