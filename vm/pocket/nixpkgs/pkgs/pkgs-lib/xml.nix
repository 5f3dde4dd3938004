# A value as XML, laid out as xmltodict's `unparse` does: "@name" is an attribute, "#text" the text, a list repeats its element.
{ lib }:
let
  scalar =
    v:
    if v == null then
      ""
    else if builtins.isBool v then
      lib.boolToString v
    else if builtins.isFloat v then
      lib.strings.floatToString v
    else
      "${if builtins.isInt v then toString v else v}";
  escape = lib.replaceStrings [ "&" "<" ">" ] [ "&amp;" "&lt;" "&gt;" ];
  quote =
    s:
    let
      e = lib.replaceStrings [ "\n" "\r" "\t" ] [ "&#10;" "&#13;" "&#9;" ] (escape s);
    in
    if !lib.hasInfix "\"" e then
      "\"${e}\""
    else if !lib.hasInfix "'" e then
      "'${e}'"
    else
      "\"${lib.replaceStrings [ "\"" ] [ "&quot;" ] e}\"";

  element =
    indent: name: value:
    let
      set = if builtins.isAttrs value && !lib.isDerivation value then value else { "#text" = value; };
      attributes = lib.filterAttrs (k: _: lib.hasPrefix "@" k) set;
      children = lib.filterAttrs (k: _: k != "#text" && !lib.hasPrefix "@" k) set;
      start = lib.concatStrings (lib.mapAttrsToList (k: v: " ${lib.removePrefix "@" k}=${quote (scalar v)}") attributes);
      text = escape (scalar (set."#text" or null));
      inside = lib.concatStrings (lib.mapAttrsToList (elements "${indent}  ") children);
      body = if children == { } then text else "\n${inside}${text}${indent}";
    in
    "${indent}<${name}${start}>${body}</${name}>\n";
  elements = indent: name: value: if builtins.isList value then lib.concatMapStrings (element indent name) value else element indent name value;

  header = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
in
{
  toXml =
    { withHeader }:
    value:
    if withHeader && lib.length (lib.attrNames value) != 1 then
      throw "XML has one root element, not ${toString (lib.length (lib.attrNames value))}"
    else
      lib.optionalString withHeader header + lib.concatStrings (lib.mapAttrsToList (elements "") value);
}
