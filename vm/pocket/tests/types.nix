# Option types: what they take, how they describe themselves, how they merge.
{ lib, evalWith, ... }:
let
  t = lib.types;
  accepts = type: v: type.check v;
  merge = type: defs: (evalWith ([ { options.x = lib.mkOption { inherit type; }; } ] ++ map (x: { inherit x; }) defs)).x;
in
{
  equal = {
    descriptions = [
      (map (x: x.description) [ t.str t.bool t.int (t.listOf t.str) (t.attrsOf t.int) (t.nullOr t.str) (t.enum [ "a" "b" ]) (t.either t.str t.int) t.path t.package t.port t.nonEmptyStr t.ints.positive (t.attrsOf (t.listOf t.str)) (t.listOf (t.either t.str t.int)) (t.strMatching "a+") t.lines ])
      [ "string" "boolean" "signed integer" "list of string" "attribute set of signed integer" "null or string" "one of \"a\", \"b\"" "string or signed integer" "absolute path" "package" "16 bit unsigned integer; between 0 and 65535 (both inclusive)" "non-empty string" "positive integer, meaning >0" "attribute set of list of string" "list of (string or signed integer)" "string matching the pattern a+" "strings concatenated with \"\\n\"" ]
    ];
    checks = [
      (map (p: accepts (builtins.elemAt p 0) (builtins.elemAt p 1)) [ [ t.port 70000 ] [ t.path "/x" ] [ t.path "x" ] [ t.nonEmptyStr " " ] [ (t.enum [ 1 ]) 2 ] [ (t.nullOr t.int) null ] [ t.attrs { } ] [ (t.strMatching "a+") "aa" ] [ t.number 1.5 ] [ (t.functionTo t.int) (_: 1) ] ])
      [ false true false false false true true true true true ]
    ];
    null-or-merges = [ (merge (t.nullOr t.int) [ null null ]) null ];
    coerced = [ (merge (t.coercedTo t.int toString t.str) [ 5 ]) "5" ];
    anything = [ (merge t.anything [ { a.b = 1; } { a.c = [ 2 ]; } ]) { a = { b = 1; c = [ 2 ]; }; } ];
    lazy-attrs = [ (merge (t.lazyAttrsOf t.int) [ { a = 1; b = throw "unread"; } ]).a 1 ];
    freeform-unused = [ (merge (t.submodule { freeformType = t.anything; options.a = lib.mkOption { default = 1; }; }) [ { } ]) { a = 1; } ];
    separated = [ (merge t.commas [ "a" "b" ]) "b,a" ];
    function = [ ((merge (t.functionTo t.lines) [ (x: x) (x: x + x) ]) "q") "qq\nq" ];
    enum-union = [ (evalWith [ { options.e = lib.mkOption { type = t.enum [ "a" ]; }; } { options.e = lib.mkOption { type = t.enum [ "b" ]; }; } { e = "b"; } ]).e "b" ];
    submodules-join = [ (evalWith [ { options.s = lib.mkOption { type = t.submodule { options.a = lib.mkOption { default = 1; }; }; default = { }; }; } { options.s = lib.mkOption { type = t.submodule { options.b = lib.mkOption { default = 2; }; }; }; } ]).s { a = 1; b = 2; } ];
    deferred = [ (evalWith [ { options.d = lib.mkOption { type = t.deferredModule; }; } { d.x = 1; } ] ? d) true ];
  };
  refused = {
    null-and-not = {
      expr = merge (t.nullOr t.int) [ null 1 ];
      says = "The option `x` is defined both null and not null, in";
    };
    no-list = {
      expr = merge (t.listOf t.str) [ "a" ];
      says = "A definition for option `x' is not of type `list of string'. TypeError: Definition values: - In";
    };
    neither = {
      expr = merge (t.either t.int t.str) [ [ ] ];
      says = "TypeError: The option `x` is neither a value of type `signed integer` nor `string`, Definition values: - In";
    };
    coercion = {
      expr = merge (t.coercedTo t.int toString t.str) [ [ ] ];
      says = "is not of type `string or signed integer convertible to it'. TypeError: Definition values: - In";
    };
    list-with-other-check = {
      expr = merge (t.listOf t.int // { check = _: true; }) [ [ 1 ] ];
      says = "an ad-hoc `type // { check = ...; }' override, which is incompatible with";
    };
    no-toml = {
      expr = merge t.toml [ { a = null; } ];
      says = "A definition for option `x.a' is not of type `TOML value'.";
    };
  };
}
