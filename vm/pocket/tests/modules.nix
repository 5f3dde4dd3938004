# The module system: priorities, conditions, order, submodules, renames.
{ lib, evalWith, ... }:
let
  inherit (lib) mkOption types;
  int = { options.n = mkOption { type = types.int; }; };
  lines = { options.l = mkOption { type = types.lines; default = ""; }; };
  subs = {
    options.s = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule (
          { name, config, ... }:
          {
            options.name = mkOption { type = types.str; default = name; };
            options.twice = mkOption { type = types.str; };
            config.twice = lib.mkDefault (config.name + config.name);
          }
        )
      );
    };
  };
in
{
  equal = {
    default-loses = [ (evalWith [ int { n = lib.mkDefault 1; } { n = 2; } ]).n 2 ];
    force-wins = [ (evalWith [ int { n = lib.mkForce 1; } { n = 2; } ]).n 1 ];
    override-number = [ (evalWith [ int { n = lib.mkOverride 10 7; } { n = lib.mkForce 2; } ]).n 7 ];
    if-false-is-absent = [ (evalWith [ int { n = lib.mkIf false 1; } { n = 2; } ]).n 2 ];
    if-around-set = [ (evalWith [ int (lib.mkIf false { n = 1; }) { n = 3; } ]).n 3 ];
    if-reads-config = [
      (evalWith [ int lines ({ config, ... }: { l = lib.mkIf (config.n == 1) "one"; }) { n = 1; } ]).l
      "one"
    ];
    merge = [ (evalWith [ lines { l = lib.mkMerge [ "a" (lib.mkIf true "b") (lib.mkIf false "c") ]; } ]).l "a\nb" ];
    order = [ (evalWith [ lines { l = lib.mkAfter "z"; } { l = "m"; } { l = lib.mkBefore "a"; } { l = lib.mkOrder 1200 "n"; } ]).l "a\nm\nn\nz" ];
    submodule = [ (evalWith [ subs { s.a = { }; s.b.name = "x"; } ]).s { a = { name = "a"; twice = "aa"; }; b = { name = "x"; twice = "xx"; }; } ];
    freeform = [ (evalWith [ { freeformType = types.attrsOf types.int; options.k = mkOption { type = types.str; default = "v"; }; } { other = 3; } ]) { k = "v"; other = 3; } ];
    special-args = [ ((lib.evalModules { modules = [ int ({ seven, ... }: { n = seven; }) ]; specialArgs.seven = 7; }).config.n) 7 ];
    module-args = [ (evalWith [ int ({ eight, ... }: { n = eight; }) { _module.args.eight = 8; } ]).n 8 ];
    imports-once = [ (evalWith [ lines { imports = [ { key = "k"; l = "x"; } { key = "k"; l = "x"; } ]; } ]).l "x" ];
    disabled = [ (evalWith [ int { imports = [ { key = "gone"; n = 1; } ]; disabledModules = [ { key = "gone"; } ]; } { n = 4; } ]).n 4 ];
    renamed = [
      (
        let
          c = evalWith [ int { options.warnings = mkOption { type = types.listOf types.str; default = [ ]; }; } (lib.mkRenamedOptionModule [ "old" ] [ "n" ]) { _file = "f"; old = 9; } ];
        in
        [ c.n c.warnings ]
      )
      [ 9 [ "The option `old' defined in `f' has been renamed to `n'." ] ]
    ];
    renamed-priority = [ (evalWith [ int { options.warnings = mkOption { type = types.listOf types.str; default = [ ]; }; } (lib.mkRenamedOptionModule [ "old" ] [ "n" ]) { old = lib.mkForce 1; } { n = 2; } ]).n 1 ];
    extend = [ ((lib.evalModules { modules = [ int { n = 1; } ]; }).extendModules { modules = [ { n = lib.mkForce 5; } ]; }).config.n 5 ];
    highest-priority = [ (lib.evalModules { modules = [ int { n = lib.mkForce 1; } ]; }).options.n.highestPrio 50 ];
    lists-concatenate = [ (lib.sort (a: b: a < b) (evalWith [ { options.x = mkOption { type = types.listOf types.int; }; } { x = [ 1 ]; } { x = [ 2 ]; } ]).x) [ 1 2 ] ];
    empty-values = [
      (evalWith [ { options = lib.mapAttrs (_: type: mkOption { inherit type; }) { l = types.listOf types.int; a = types.attrsOf types.int; n = types.nullOr types.int; s = types.submodule { options.d = mkOption { default = 1; }; }; c = types.coercedTo types.int toString (types.listOf types.str); u = types.uniq (types.listOf types.int); }; } ])
      { l = [ ]; a = { }; n = null; s.d = 1; c = [ ]; u = [ ]; }
    ];
    submodules-in-order = [
      (let sub = l: { options.s = mkOption { type = types.submodule { config = { inherit l; }; }; }; }; in
        (evalWith [ { options.s = mkOption { type = types.submodule { options.l = mkOption { type = types.lines; }; config.l = "a"; }; }; } (sub "b") { s.l = "c"; } ]).s.l)
      "b\na\nc"
    ];
    freeform-condition = [ (evalWith [ { freeformType = types.attrsOf types.int; } { a = lib.mkIf false 1; b = lib.mkForce 2; } { b = 3; } ]) { b = 2; } ];
    renamed-without-warnings = [ (evalWith [ int (lib.mkRenamedOptionModule [ "old" ] [ "n" ]) { old = 9; } ]).n 9 ];
  };
  refused = {
    unknown-if-false = {
      expr = evalWith [ int { _file = "here.nix"; config.foo = lib.mkIf false 1; } ];
      says = "The option `foo' does not exist. Definition values: - In `here.nix': { _type = \"if\"; condition = false; content = 1; }";
    };
    far-names = {
      expr = evalWith [ { options.programs = { alpha = mkOption { }; beta = mkOption { }; }; } { programs.gamma = 1; } ];
      says = "Did you mean `programs.alpha' or `programs.beta'?";
    };
    read-only-default = {
      expr = (evalWith [ { _file = "d.nix"; options.r = mkOption { type = types.int; readOnly = true; default = 0; }; } { _file = "a.nix"; r = lib.mkForce 1; } ]).r;
      says = "The option `r' is read-only, but it's set multiple times. Definition values: - In `d.nix': 0 - In `a.nix': 1";
    };
    set-expected = {
      expr = (evalWith [ { options.a.b = mkOption { }; } { _file = "q.nix"; a = 3; } ]).a.b;
      says = "In module `q.nix', you're trying to define a value of type `int'";
    };
    nested-list = {
      expr = evalWith [ int { imports = [ [ { n = 1; } ] ]; } ];
      says = "Module imports can't be nested lists. Perhaps you meant to remove one level of lists?";
    };
    flake = {
      expr = evalWith [ int { imports = [ { _type = "flake"; outPath = "/x"; } ]; } ];
      says = "Perhaps you forgot to select an attribute name?";
    };
    text-condition = {
      expr = (evalWith [ int { n = lib.mkIf "true" 1; } ]).n;
      says = "called with a non-Boolean condition";
    };
    declared-twice-files = {
      expr = (evalWith [ (int // { _file = "a.nix"; }) { _file = "b.nix"; options.n = mkOption { type = types.str; }; } ]).n;
      says = "The option `n' in `a.nix' is already declared in `b.nix'.";
    };
    type-without-option = {
      expr = (evalWith [ { _file = "no.nix"; options.x = types.int; } ]).x;
      says = "In module no.nix: expected an option declaration at option path `x` but got an attribute set with type option-type";
    };
    unknown-option = {
      expr = evalWith [ int { _file = "here.nix"; config.nn = 1; } ];
      says = "The option `nn' does not exist. Definition values: - In `here.nix': 1";
    };
    did-you-mean = {
      expr = evalWith [ { options.programs.enable = lib.mkEnableOption "x"; } { programs.enabel = true; } ];
      says = "Did you mean `programs.enable'?";
    };
    wrong-type = {
      expr = (evalWith [ int { _file = "here.nix"; n = "text"; } ]).n;
      says = "A definition for option `n' is not of type `signed integer'. Definition values: - In `here.nix': \"text\"";
    };
    no-value = {
      expr = (evalWith [ int ]).n;
      says = "The option `n' was accessed but has no value defined. Try setting the option.";
    };
    conflict = {
      expr = (evalWith [ int { _file = "a.nix"; n = 1; } { _file = "b.nix"; n = 2; } ]).n;
      says = "The option `n' has conflicting definition values:";
    };
    conflict-hint = {
      expr = (evalWith [ int { n = 1; } { n = 2; } ]).n;
      says = "Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";
    };
    declared-twice = {
      expr = (evalWith [ (int // { _file = "a.nix"; }) { _file = "b.nix"; options.n = mkOption { type = types.str; }; } ]).n;
      says = "is already declared in";
    };
    read-only = {
      expr = (evalWith [ { options.r = mkOption { type = types.int; readOnly = true; default = 1; }; } { r = 1; } { r = 1; } ]).r;
      says = "The option `r' is read-only, but it's set multiple times.";
    };
    unique = {
      expr = (evalWith [ { options.u = mkOption { type = types.uniq types.int; }; } { u = 1; } { u = 1; } ]).u;
      says = "The option `u' is defined multiple times while it's expected to be unique.";
    };
    missing-argument = {
      expr = (evalWith [ int ({ nobody, ... }: { n = nobody; }) ]).n;
      says = "attribute 'nobody' missing";
    };
    top-level-config = {
      expr = evalWith [ { config = { }; stray = 1; } ];
      says = "has an unsupported attribute `stray'. This is caused by introducing a top-level `config' or `options' attribute.";
    };
  };
}
