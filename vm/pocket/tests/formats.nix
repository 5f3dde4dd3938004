# pkgs.formats: the generated text.
{ lib, pkgs, evalWith, ... }:
let
  inherit (pkgs) formats;
  text = drv: drv.text;
  # What an option of a format makes of a null in a list in a set.
  nullWithin = format: (evalWith [ { options.o = lib.mkOption { inherit (format) type; }; config.o.a = [ null ]; } ]).o.a;
in
{
  equal = {
    json = [ (text ((formats.json { }).generate "x" { a = [ 1 true ]; b = { }; })) "{\n  \"a\": [\n    1,\n    true\n  ],\n  \"b\": {}\n}\n" ];
    yaml = [ (text ((formats.yaml { }).generate "x" { a = [ 1 "yes" ]; b.c = null; })) "a:\n- 1\n- 'yes'\nb:\n  c: null\n" ];
    # Plain as far as YAML 1.1 allows, folded after 80 columns.
    yaml-strings = [
      (text ((formats.yaml { }).generate "x" [ "https://e.org/x?a=b" "$HOME/x" "30s" "it's" "y" "a: b" ".inf" "2024-01-01" "1.0" "" "a\tb" ]))
      "- https://e.org/x?a=b\n- $HOME/x\n- 30s\n- it's\n- y\n- 'a: b'\n- '.inf'\n- '2024-01-01'\n- '1.0'\n- ''\n- \"a\\tb\"\n"
    ];
    yaml-lines = [ (text ((formats.yaml { }).generate "x" { k = "it's\nb\n"; })) "k: 'it''s\n\n  b\n\n  '\n" ];
    yaml-long = [
      (text ((formats.yaml { }).generate "x" { k = lib.concatStringsSep " " (lib.genList (_: "abcdefghi") 10); }))
      "k: ${lib.concatStringsSep " " (lib.genList (_: "abcdefghi") 8)}\n  abcdefghi abcdefghi\n"
    ];
    yaml-of-one-value = [ (text ((formats.yaml { }).generate "x" "a")) "a\n...\n" ];
    systemd = [ (text (formats.systemd.generate "x" { s = { a = [ 1 2 ]; n = null; }; })) "[s]\na = 1\na = 2\n# n is unset\n" ];
    toml = [ (text ((formats.toml { }).generate "x" { a = 1; t.k = "v"; l = [ { x = 1; } ]; })) "a = 1\n\n[t]\nk = \"v\"\n\n[[l]]\nx = 1\n" ];
    ini = [ (text ((formats.ini { }).generate "x" { s.k = 1; })) "[s]\nk=1\n" ];
    ini-lists = [ (text ((formats.ini { listsAsDuplicateKeys = true; }).generate "x" { s.k = [ 1 2 ]; })) "[s]\nk=1\nk=2\n" ];
    ini-joined-lists = [ (text ((formats.ini { listToValue = lib.concatStringsSep ","; }).generate "x" { s.k = [ "a" "b" ]; })) "[s]\nk=a,b\n" ];
    key-value-joined-lists = [ (text ((formats.keyValue { listToValue = lib.concatStringsSep ","; }).generate "x" { k = [ "a" "b" ]; })) "k=a,b\n" ];
    key-value = [ (text ((formats.keyValue { }).generate "x" { k = "v"; })) "k=v\n" ];
    xml = [
      (text ((formats.xml { }).generate "x" { r = { "@a" = "x<\"y"; b = null; l = [ 1 { "@k" = true; "#text" = "a&b"; } ]; }; }))
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<r a='x&lt;\"y'>\n  <b></b>\n  <l>1</l>\n  <l k=\"true\">a&amp;b</l>\n</r>\n"
    ];
    xml-of-lists = [
      (text ((formats.xml { }).generate "x" { r = { none = [ ]; half = [ 0.5 ]; }; }))
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<r>\n  <half>0.5</half>\n</r>\n"
    ];
    xml-of-nothing = [ (text ((formats.xml { }).generate "x" { r.none = [ ]; })) "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<r></r>\n" ];
    xml-without-header = [ (text ((formats.xml { withHeader = false; }).generate "x" { a = 1; b = 2; })) "<a>1</a><b>2</b>\n" ];
    null-within = [ (map nullWithin [ (formats.json { }) (formats.yaml { }) (formats.xml { }) ]) [ [ null ] [ null ] [ null ] ] ];
    type-takes = [ ((formats.json { }).type.check { a = [ 1 { } ]; }) true ];
  };
  refused = {
    xml-of-another-format = {
      expr = (formats.xml { format = "other"; }).type;
      says = "pkgs.formats.xml: Unknown format: other";
    };
    toml-of-null = {
      expr = nullWithin (formats.toml { });
      says = "is not of type `TOML value'";
    };
    unmodelled = {
      expr = (formats.lua { }).type;
      says = "nixpkgs has `pkgs.formats.lua', but the pocket channel does not model it";
    };
    xml-of-two-roots = {
      expr = text ((formats.xml { }).generate "x" { a = [ 1 2 ]; });
      says = "XML has one root element, not 2";
    };
  };
}
