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
    type-takes = [ ((formats.json { }).type.check { a = [ 1 { } ]; }) true ];
  };
}
