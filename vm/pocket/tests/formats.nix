# pkgs.formats: the generated text.
{ lib, pkgs, ... }:
let
  inherit (pkgs) formats;
  text = drv: drv.text;
in
{
  equal = {
    json = [ (text ((formats.json { }).generate "x" { a = [ 1 true ]; b = { }; })) "{\n  \"a\": [\n    1,\n    true\n  ],\n  \"b\": {}\n}\n" ];
    yaml = [ (text ((formats.yaml { }).generate "x" { a = [ 1 "yes" ]; b.c = null; })) "a:\n- 1\n- 'yes'\nb:\n  c: null\n" ];
    toml = [ (text ((formats.toml { }).generate "x" { a = 1; t.k = "v"; l = [ { x = 1; } ]; })) "a = 1\n\n[t]\nk = \"v\"\n\n[[l]]\nx = 1\n" ];
    ini = [ (text ((formats.ini { }).generate "x" { s.k = 1; })) "[s]\nk=1\n" ];
    ini-lists = [ (text ((formats.ini { listsAsDuplicateKeys = true; }).generate "x" { s.k = [ 1 2 ]; })) "[s]\nk=1\nk=2\n" ];
    key-value = [ (text ((formats.keyValue { }).generate "x" { k = "v"; })) "k=v\n" ];
    xml = [
      (text ((formats.xml { }).generate "x" { r = { "@a" = "x<\"y"; b = null; l = [ 1 { "@k" = true; "#text" = "a&b"; } ]; }; }))
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<r a='x&lt;\"y'>\n  <b></b>\n  <l>1</l>\n  <l k=\"true\">a&amp;b</l>\n</r>\n"
    ];
    xml-without-header = [ (text ((formats.xml { withHeader = false; }).generate "x" { r = "v"; })) "<r>v</r>\n" ];
    type-takes = [ ((formats.json { }).type.check { a = [ 1 { } ]; }) true ];
  };
  refused = {
    xml-of-another-format = {
      expr = (formats.xml { format = "other"; }).type;
      says = "pkgs.formats.xml: Unknown format: other";
    };
    xml-of-two-roots = {
      expr = text ((formats.xml { }).generate "x" { a = 1; b = 2; });
      says = "XML has one root element, not 2";
    };
  };
}
