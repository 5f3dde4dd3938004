# A value as XML, laid out as xmltodict's `unparse` does: "@name" is an attribute, "#text" the text, a list repeats its element.
{ lib }:
let
  scalar =
    v:
    if v == null then
      ""
    else if builtins.isBool v || builtins.isInt v || builtins.isFloat v then
      builtins.toJSON v
    else
      "${v}";
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

  # The elements that a value makes, each without a line end behind it.
  elements = indent: name: value: map (element indent name) (lib.toList value);
  element =
    indent: name: value:
    let
      set = if builtins.isAttrs value && !lib.isDerivation value then value else { "#text" = value; };
      attributes = lib.filterAttrs (k: _: lib.hasPrefix "@" k) set;
      children = lib.filterAttrs (k: v: k != "#text" && !lib.hasPrefix "@" k && v != [ ]) set;
      start = lib.concatStrings (lib.mapAttrsToList (k: v: " ${lib.removePrefix "@" k}=${quote (scalar v)}") attributes);
      text = escape (scalar (set."#text" or null));
      body = if children == { } then text else "\n${lib.concatMapStrings (e: "${e}\n") (all "${indent}  " children)}${text}${indent}";
    in
    "${indent}<${name}${start}>${body}</${name}>";
  all = indent: set: lib.concatLists (lib.mapAttrsToList (elements indent) set);

  header = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
in
{
  toXml =
    { withHeader }:
    value:
    let
      roots = all "" value;
    in
    if withHeader && lib.length roots != 1 then
      throw "XML has one root element, not ${toString (lib.length roots)}"
    else
      lib.optionalString withHeader header + lib.concatStrings roots + "\n";
}
