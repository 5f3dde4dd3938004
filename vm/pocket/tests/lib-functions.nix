# The functions of lib that setups call.
{ lib, ... }:
let
  inherit (lib) generators strings;
in
{
  equal = {
    escape = [ (lib.escapeShellArg "it's") "'it'\\''s'" ];
    escape-plain = [ (lib.escapeShellArgs [ "a/b" "c d" ]) "a/b 'c d'" ];
    split = [ (lib.splitString "." "a.b.c") [ "a" "b" "c" ] ];
    versions = [ [ (lib.versionAtLeast "24.11" "24.05") (lib.versionOlder "23.11" "24.05") (lib.versions.majorMinor "1.2.3") ] [ true true "1.2" ] ];
    recursive-update = [ (lib.recursiveUpdate { a.b = 1; a.c = 2; } { a.b = 3; }) { a = { b = 3; c = 2; }; } ];
    toposort = [ (lib.toposort (a: b: a < b) [ 3 1 2 ]).result [ 1 2 3 ] ];
    sort-on = [ (lib.sortOn lib.stringLength [ "ccc" "a" "bb" ]) [ "a" "bb" "ccc" ] ];
    fold-attrs = [ (lib.foldAttrs (v: acc: v + acc) 0 [ { a = 1; } { a = 2; b = 3; } ]) { a = 3; b = 3; } ];
    partition = [ (lib.unique [ 1 2 1 ]) [ 1 2 ] ];
    attr-by-path = [ (lib.attrByPath [ "a" "b" ] 0 { a.b = 5; }) 5 ];
    cartesian = [ (builtins.length (lib.cartesianProduct { a = [ 1 2 ]; b = [ 3 4 ]; })) 4 ];
    ini = [ (generators.toINI { } { s = { k = "v"; n = true; }; }) "[s]\nk=v\nn=true\n" ];
    key-value = [ (generators.toKeyValue { } { a = 1; b = "x"; }) "a=1\nb=x\n" ];
    git-ini = [
      (generators.toGitINI { user.name = "A"; url."ssh://x".insteadOf = "y"; core.list = [ "a" "b" ]; })
      "[core]\n\tlist = \"a\"\n\tlist = \"b\"\n\n[url \"ssh://x\"]\n\tinsteadOf = \"y\"\n\n[user]\n\tname = \"A\"\n"
    ];
    pretty = [ (generators.toPretty { } { a = [ 1 "x" ]; b = null; }) "{\n  a = [\n    1\n    \"x\"\n  ];\n  b = null;\n}" ];
    lua = [ (generators.toLua { multiline = false; } { a = 1; }) "{ [\"a\"] = 1 }" ];
    snake = [ (strings.toUpper "abc") "ABC" ];
    pipe = [ (lib.pipe 1 [ (x: x + 1) (x: x * 2) ]) 4 ];
    extend = [ (lib.extend (final: prev: { three = 3; six = final.three * 2; })).six 6 ];
    override = [ ((lib.makeOverridable ({ a }: { v = a; }) { a = 1; }).override { a = 2; }).v 2 ];
    levenshtein = [ (strings.levenshtein "kitten" "sitting") 3 ];
    trim = [ (strings.trim "  a b ") "a b" ];
    cli-newer = [ (lib.cli.toCommandLineShellGNU { } { v = true; long = "x y"; n = [ 1 2 ]; }) "'--long=x y' -n1 -n2 -v" ];
    set-type = [ (lib.isType "t" (lib.setType "t" { })) true ];
    builtins-again = [ [ (lib.floor 1.5) (lib.div 7 2) (lib.bitNot 5) (lib.baseNameOf "a/b") (lib.typeOf 1) ] [ 1 3 (-6) "b" "int" ] ];
    closure = [
      (lib.textClosureMap lib.id { a = lib.noDepEntry "A"; b = lib.stringAfter [ "a" ] "B"; c = lib.noDepEntry "C"; } [ "b" "a" "c" ])
      "A\nB\nC"
    ];
    closure-of-a-loop = [ (lib.textClosureList { a = lib.stringAfter [ "b" ] "A"; b = lib.stringAfter [ "a" ] "B"; } [ "a" ]) [ "B" "A" ] ];
    store-path = [ (map lib.path.hasStorePathPrefix [ /nix/store/00000000000000000000000000000000-a /nix/store ]) [ true false ] ];
    root-of-a-path = [ (lib.path.splitRoot /a/b) { root = /.; subpath = "./a/b"; } ];
    paths = [ [ (lib.path.removePrefix /a /a/b/c) (lib.path.removePrefix /a /a) (lib.path.hasPrefix /a /ab) (lib.path.subpath.join [ "a/./b" "c" ]) (lib.path.subpath.normalise ".") ] [ "./b/c" "./." false "./a/b/c" "./." ] ];
    fake-hash = [ lib.fakeHash "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" ];
    collect = [ (lib.collect lib.isInt { a.b = 1; c = "x"; d = 2; }) [ 1 2 ] ];
    replicate = [ [ (lib.replicate 2 "a") (lib.strings.replicate 2 "a") ] [ [ "a" "a" ] "aa" ] ];
    doc-list = [
      (map (o: o.name) (lib.filter (o: lib.head o.loc != "_module") (lib.optionAttrSetToDocList (lib.evalModules { modules = [ { options.a.b = lib.mkEnableOption "x"; } ]; }).options)))
      [ "a.b" ]
    ];
    not-flat = [ (map (n: lib ? ${n}) [ "isNull" "mdDoc" "literalExample" "listFilesRecursive" "collectModules" "hiPrio" "lowPrio" ]) [ false false false false false true true ] ];
    floats = [ [ (generators.toKeyValue { } { a = 1.5; }) (generators.toPretty { } 1.5) ] [ "a=1.500000\n" "1.5" ] ];
    git-ini-empty = [ (generators.toGitINI { a = { }; b.c = { }; d.e = 1; }) "[d]\n\te = 1\n" ];
    plist = [ (lib.hasInfix "PUBLIC \"-//Apple Computer//DTD PLIST 1.0//EN\"" (generators.toPlist { escape = true; } { })) true ];
    update-many = [
      (lib.updateManyAttrsByPath [ { path = [ "a" ]; update = _: { n = 1; }; } { path = [ "b" "c" ]; update = _: 2; } ] { a.b = 1; })
      { a.n = 1; b.c = 2; }
    ];
    clean-source = [ (map (n: lib.cleanSourceFilter "/a/${n}" "regular") [ "x.o" "x.so" ".x.swp" "a~" "result" "x.c" ]) [ false false false false true true ] ];
    camel-case = [ (map lib.toCamelCase [ "fooBar" "foo-bar_baz" "FOO-bar" "-foo" ]) [ "fooBar" "fooBarBaz" "fooBar" "Foo" ] ];
    pad-version = [ (map (lib.versions.pad 3) [ "1.2-pre" "1.2.3.4" ]) [ "1.2.0-pre" "1.2.3" ] ];
    gvariant-is-a-set = [ (builtins.isAttrs lib.gvariant) true ];
    cli = [ (lib.cli.toGNUCommandLineShell { } { v = true; long = "x y"; n = null; }) "--long 'x y' -v" ];
  };
  refused = {
    fileset = {
      expr = lib.fileset.unions [ ];
      says = "the pocket channel does not model it; run this scenario on the real channel";
    };
    gvariant = {
      expr = lib.gvariant.mkTuple [ ];
      says = "nixpkgs has `lib.gvariant.mkTuple', but the pocket channel does not model it; run this scenario on the real channel.";
    };
    exe-of-a-string = {
      expr = lib.getExe' "/x" "y";
      says = "lib.meta.getExe': The first argument is of type string, but it should be a derivation instead.";
    };
    append-absolute = {
      expr = lib.path.append /a "/b";
      says = "lib.path.append: Second argument is not a valid subpath string:";
    };
    join-upwards = {
      expr = lib.path.subpath.join [ "a" "../b" ];
      says = "lib.path.subpath.join: Element at index 1 is not a valid subpath string:";
    };
    no-prefix = {
      expr = lib.path.removePrefix /a /b;
      says = "is not a component-wise prefix of the second path argument";
    };
  };
}
