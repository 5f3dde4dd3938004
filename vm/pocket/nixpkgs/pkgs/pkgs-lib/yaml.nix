# Block style YAML 1.1 as remarshal writes it, by PyYAML: strings are quoted
# only where they must be, and long ones are folded after 80 columns.
{ lib }:
let
  inherit (builtins) elemAt fromJSON isAttrs isList isString length match split stringLength substring;
  has = re: s: length (split re s) > 1;
  spaces = n: lib.concatStrings (lib.genList (_: " ") n);

  # What a plain word would be read as, were it not quoted.
  otherTypes = [
    "yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF"
    "[-+]?[0-9][0-9_]*\\.[0-9_]*([eE][-+][0-9]+)?"
    "\\.[0-9][0-9_]*([eE][-+][0-9]+)?"
    "[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\\.[0-9_]*"
    "[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)"
    "[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+"
    "[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+"
    "<<|=|~|null|Null|NULL|"
    "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?"
  ];
  isOtherType = s: stringLength s < 64 && lib.any (re: match re s != null) otherTypes;

  # Characters that only double quotes can show, and how they do.
  hex = n: lib.optionalString (n < 16) "0" + lib.toHexString n;
  control = n: fromJSON "\"\\u00${hex n}\"";
  short = { "7" = "a"; "8" = "b"; "9" = "t"; "10" = "n"; "11" = "v"; "12" = "f"; "13" = "r"; "27" = "e"; };
  escapes =
    lib.listToAttrs (
      map (n: lib.nameValuePair (control n) "\\${short.${toString n} or "x${hex n}"}") (lib.range 1 31 ++ [ 127 ])
    )
    // {
      "\"" = "\\\"";
      "\\" = "\\\\";
    };
  special = "[${control 1}-${control 9}${control 11}-${control 31}${control 127}]";

  styleOf =
    key: s:
    let
      breaks = lib.hasInfix "\n" s;
      edge = has "^[ \n]|[ \n]$" s;
      indicator =
        has "^(---|\\.\\.\\.|[],[#{}&*!|>'\"%@`]|[?:-]( |$))" s || lib.hasInfix ": " s || lib.hasSuffix ":" s || lib.hasInfix " #" s;
    in
    if lib.hasInfix "\n " s || lib.hasInfix " \n" s || has special s || (key && breaks) then
      "double"
    else if breaks || edge || indicator || isOtherType s then
      "single"
    else
      "plain";

  # Words and what is between them, from column `col` on; lines after the
  # first begin at column `indent`.
  fold =
    { col, indent }:
    text:
    let
      parts = split "( +|\n+)" text;
      last = length parts - 1;
      step =
        st: i:
        let
          part = elemAt parts i;
          run = builtins.head part;
          n = stringLength run;
          atEdge = (i == 1 && elemAt parts 0 == "") || (i == last - 1 && elemAt parts last == "");
          next =
            if isString part then
              { out = st.out + part; col = st.col + stringLength part; }
            else if lib.hasPrefix "\n" run then
              { out = st.out + run + "\n" + spaces indent; col = indent; }
            else if n == 1 && st.col > 80 && !atEdge then
              { out = st.out + "\n" + spaces indent; col = indent; }
            else
              { out = st.out + run; col = st.col + n; };
        in
        builtins.seq next.out next;
    in
    if col + stringLength text <= 80 && !lib.hasInfix "\n" text then
      text
    else
      (lib.foldl' step { out = ""; inherit col; } (lib.range 0 last)).out;

  doubleQuoted =
    { col, indent }:
    text:
    let
      chars = lib.stringToCharacters text;
      len = length chars;
      step =
        st: end:
        let
          ch = elemAt chars end;
          written =
            if end < len && !(escapes ? ${ch}) then
              st
            else
              let
                shown = if end < len then escapes.${ch} else "";
                pending = lib.max 0 (end - st.start);
              in
              {
                out = st.out + substring st.start pending text + shown;
                col = st.col + pending + stringLength shown;
                start = if end < len then end + 1 else lib.max st.start end;
              };
          start = lib.max written.start end;
          escaped = if elemAt chars start == " " then "\\" else "";
          next =
            if
              0 < end && end < len - 1 && (ch == " " || written.start >= end) && written.col + end - written.start > 80
            then
              {
                out = written.out + substring written.start (start - written.start) text + "\\\n" + spaces indent + escaped;
                col = indent + stringLength escaped;
                inherit start;
              }
            else
              written;
        in
        builtins.seq next.out (builtins.seq next.col next);
    in
    "\"${(lib.foldl' step { out = ""; inherit col; start = 0; } (lib.range 0 len)).out}\"";

  double = s: "\"${lib.concatStrings (map (c: escapes.${c} or c) (lib.stringToCharacters s))}\"";
  single = s: lib.replaceStrings [ "'" ] [ "''" ] s;
  toText = v: if lib.isDerivation v || builtins.isPath v then "${v}" else v;

  keyText =
    k:
    let
      style = styleOf true k;
    in
    if k == "" then
      "''"
    else if style == "plain" then
      k
    else if style == "single" then
      "'${single k}'"
    else
      double k;
  # From column `col` on, where the scalar's first character goes.
  string =
    { col, indent }@at:
    s:
    let
      style = styleOf false s;
      quoted = at // { col = col + 1; };
    in
    if style == "plain" then
      fold at s
    else if style == "single" then
      "'${fold quoted (single s)}'"
    else
      doubleQuoted quoted s;
  # Python writes 1e+20 with a point.
  float =
    v:
    let
      parts = match "([^.e]*)(e.*)" (builtins.toJSON v);
    in
    if parts == null then builtins.toJSON v else "${elemAt parts 0}.0${elemAt parts 1}";
  scalar =
    at: v':
    let
      v = toText v';
    in
    if v == { } then
      "{}"
    else if v == [ ] then
      "[]"
    else if isString v then
      string at v
    else if builtins.isFloat v then
      float v
    else
      builtins.toJSON v;

  compound = v: (isAttrs v && !lib.isDerivation v && v != { }) || (isList v && v != [ ]);
  block =
    ind: v:
    let
      deeper = "${ind}  ";
      leaf =
        start: x:
        "${start} ${
          scalar {
            col = stringLength start + 1;
            indent = stringLength deeper;
          } x
        }\n";
    in
    if isList v then
      lib.concatMapStrings (x: if compound x then "${ind}- ${lib.removePrefix deeper (block deeper x)}" else leaf "${ind}-" x) v
    else
      lib.concatStrings (
        lib.mapAttrsToList (
          k: x:
          let
            key = "${ind}${keyText k}:";
          in
          if compound x then "${key}\n${block (if isList x then ind else deeper) x}" else leaf key x
        ) v
      );
in
{
  toYaml =
    value:
    let
      text = scalar { col = 0; indent = 2; } value;
      plain = !lib.any (c: lib.hasPrefix c text) [ "'" "\"" "{}" "[]" ];
    in
    if compound value then block "" value else text + (if plain then "\n...\n" else "\n");
}
