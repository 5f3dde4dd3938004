# Strings: joining, cutting, escaping, versions.
{ lib }:
let
  inherit (builtins)
    substring
    stringLength
    replaceStrings
    isList
    concatStringsSep
    genList
    ;
in
rec {
  inherit (builtins)
    concatStringsSep
    substring
    stringLength
    replaceStrings
    split
    match
    tail
    head
    isString
    toJSON
    fromJSON
    compareVersions
    splitVersion
    hashString
    parseDrvName
    unsafeDiscardStringContext
    ;

  concatStrings = concatStringsSep "";
  concatMapStrings = f: list: concatStrings (map f list);
  concatImapStrings = f: list: concatStrings (lib.imap1 f list);
  concatMapStringsSep = sep: f: list: concatStringsSep sep (map f list);
  concatImapStringsSep = sep: f: list: concatStringsSep sep (lib.imap1 f list);
  concatMapAttrsStringSep = sep: f: attrs: concatStringsSep sep (lib.mapAttrsToList f attrs);
  concatLines = concatMapStrings (s: s + "\n");
  intersperse =
    sep: list:
    if list == [ ] then
      [ ]
    else
      lib.drop 1 (builtins.concatMap (x: [ sep x ]) list);
  join = concatStringsSep;
  replicate = n: s: concatStrings (lib.lists.replicate n s);
  replaceString = from: to: replaceStrings [ from ] [ to ];

  optionalString = cond: s: if cond then s else "";
  hasPrefix = pref: s: substring 0 (stringLength pref) s == pref;
  hasSuffix =
    suffix: s:
    let
      n = stringLength suffix;
      len = stringLength s;
    in
    len >= n && substring (len - n) n s == suffix;
  hasInfix = infix: s: builtins.length (builtins.split (escapeRegex infix) "${s}") > 1;
  removePrefix = pref: s: if hasPrefix pref s then substring (stringLength pref) (-1) s else s;
  removeSuffix =
    suffix: s:
    if hasSuffix suffix s then substring 0 (stringLength s - stringLength suffix) s else s;
  stringToCharacters = s: genList (i: substring i 1 s) (stringLength s);
  stringAsChars = f: s: concatStrings (map f (stringToCharacters s));
  splitString =
    sep: s:
    map (addContextFrom s) (
      builtins.filter builtins.isString (builtins.split (escapeRegex (toString sep)) (toString s))
    );
  # `pred' sees two neighbours; before the first character there is "".
  splitStringBy =
    pred: keepSplit: s:
    let
      step =
        acc: c:
        if pred acc.prev c then
          { prev = c; done = acc.done ++ [ acc.part ]; part = if keepSplit then c else ""; }
        else
          { prev = c; inherit (acc) done; part = acc.part + c; };
      end = builtins.foldl' step { prev = ""; done = [ ]; part = ""; } (stringToCharacters s);
    in
    map (addContextFrom s) (end.done ++ [ end.part ]);
  addContextFrom = src: target: substring 0 0 src + target;
  trim = trimWith { start = true; end = true; };
  trimWith =
    { start ? false, end ? false }:
    s:
    let
      ws = " \t\r\n";
      isWs = c: hasInfix c ws;
      chars = stringToCharacters s;
      skip = list: if list != [ ] && isWs (builtins.head list) then skip (builtins.tail list) else list;
      front = if start then skip chars else chars;
      back = if end then lib.reverseList (skip (lib.reverseList front)) else front;
    in
    concatStrings back;
  splitLines = s: splitString "\n" s;

  lowerChars = stringToCharacters "abcdefghijklmnopqrstuvwxyz";
  upperChars = stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  toLower = replaceStrings upperChars lowerChars;
  toUpper = replaceStrings lowerChars upperChars;
  toSentenceCase = s: toUpper (substring 0 1 s) + toLower (substring 1 (-1) s);
  toCamelCase =
    s:
    lib.throwIfNot (builtins.isString s) "toCamelCase does only accepts string values, but got ${builtins.typeOf s}" (
      let
        words = splitStringBy (_: c: builtins.elem c [ "-" "_" " " ]) false s;
        humps = splitStringBy (before: c: builtins.match "[a-z]" before != null && builtins.match "[A-Z]" c != null) true;
      in
      concatStrings (lib.imap0 (i: p: if i == 0 then toLower p else toSentenceCase p) (builtins.concatMap humps words))
    );

  escape = list: replaceStrings list (map (c: "\\${c}") list);
  escapeC = list: replaceStrings list (map (c: "\\x${toLower (lib.toHexString (charToInt c))}") list);
  charToInt = c: (lib.importJSON ./ascii-table.json).${c};
  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
  escapeShellArg =
    arg:
    let
      s = toString arg;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" s == null then
      "'${replaceStrings [ "'" ] [ "'\\''" ] s}'"
    else
      s;
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  isValidPosixName = name: builtins.match "[a-zA-Z_][a-zA-Z0-9_]*" name != null;
  toShellVar =
    name: value:
    lib.throwIfNot (isValidPosixName name) "toShellVar: ${name} is not a valid shell variable name" (
      if builtins.isAttrs value && !lib.isDerivation value then
        "declare -A ${name}=(${
          concatStringsSep " " (lib.mapAttrsToList (n: v: "[${escapeShellArg n}]=${escapeShellArg v}") value)
        })"
      else if isList value then
        "declare -a ${name}=(${escapeShellArgs value})"
      else
        "${name}=${escapeShellArg value}"
    );
  toShellVars = vars: concatStringsSep "\n" (lib.mapAttrsToList toShellVar vars);
  escapeNixString = s: escape [ "$" ] (builtins.toJSON s);
  escapeNixIdentifier =
    s:
    if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" s != null && !builtins.elem s keywords then
      s
    else
      escapeNixString s;
  keywords = [ "if" "then" "else" "assert" "with" "let" "in" "rec" "inherit" "or" ];
  escapeXML = replaceStrings [ "\"" "'" "<" ">" "&" ] [ "&quot;" "&apos;" "&lt;" "&gt;" "&amp;" ];
  escapeURL = s:
    concatMapStrings (c: if builtins.match "[A-Za-z0-9_.~-]" c != null then c else "%${fixedWidthString 2 "0" (lib.toHexString (charToInt c))}") (stringToCharacters s);
  escapeSystemdPath = s: replaceStrings [ "/" ] [ "-" ] (removePrefix "/" s);
  quoteSystemdValue = builtins.toJSON;

  makeSearchPath = sub: paths: concatStringsSep ":" (map (p: p + "/" + sub) (builtins.filter (x: x != null) paths));
  makeSearchPathOutput = output: sub: pkgs: makeSearchPath sub (map (lib.getOutput output) pkgs);
  makeLibraryPath = makeSearchPathOutput "lib" "lib";
  makeIncludePath = makeSearchPathOutput "dev" "include";
  makeBinPath = makeSearchPathOutput "bin" "bin";
  makePerlPath = makeSearchPathOutput "lib" "lib/perl5/site_perl";
  normalizePath = s:
    replaceStrings [ "//" ] [ "/" ] s;
  normalizeName = s: s;

  commonPrefixLength = a: b: builtins.length (lib.lists.commonPrefix (stringToCharacters a) (stringToCharacters b));
  commonSuffixLength = a: b: builtins.length (lib.lists.commonPrefix (lib.reverseList (stringToCharacters a)) (lib.reverseList (stringToCharacters b)));
  # Edit distance, for "did you mean" hints.
  levenshtein =
    a: b:
    let
      as = stringToCharacters a;
      bs = stringToCharacters b;
      row =
        prev: ca:
        builtins.foldl' (
          acc: j:
          acc
          ++ [
            (
              let
                sub = builtins.elemAt prev j + (if ca == builtins.elemAt bs j then 0 else 1);
                del = builtins.elemAt prev (j + 1) + 1;
                ins = lib.last acc + 1;
              in
              lib.min sub (lib.min del ins)
            )
          ]
        ) [ (builtins.head prev + 1) ] (lib.range 0 (builtins.length bs - 1));
    in
    lib.last (builtins.foldl' row (lib.range 0 (builtins.length bs)) as);
  levenshteinAtMost = k: a: b: levenshtein a b <= k;

  fixedWidthString =
    width: filler: s:
    let
      missing = width - stringLength s;
    in
    if missing < 0 then throw "fixedWidthString: requested string length (${toString width}) must not be shorter than actual length (${toString (stringLength s)})" else replicate missing filler + s;
  fixedWidthNumber = width: n: fixedWidthString width "0" (toString n);
  floatToString =
    f:
    let
      s = toString f;
    in
    lib.warnIf (f != builtins.fromJSON s) "Imprecise conversion from float to string ${s}" s;

  isConvertibleWithToString =
    x:
    isStringLike x
    || x == null
    || builtins.isBool x
    || builtins.isInt x
    || builtins.isFloat x
    || (isList x && builtins.all isConvertibleWithToString x);
  isStringLike = x: builtins.isString x || builtins.isPath x || x ? outPath || x ? __toString;
  isCoercibleToString = isConvertibleWithToString;
  isStorePath =
    x:
    isStringLike x
    && (
      let
        s = toString x;
      in
      substring 0 1 s == "/" && builtins.dirOf s == builtins.storeDir
    );
  toInt =
    s:
    let
      m = builtins.match "[[:space:]]*(-?[[:digit:]]+)[[:space:]]*" s;
    in
    if m == null || builtins.match "[[:space:]]*-?0[[:digit:]]+[[:space:]]*" s != null then
      throw (
        if m == null then "toInt: Could not convert ${escapeNixString s} to int." else "toInt: Ambiguity in interpretation of ${escapeNixString s} between octal and zero padded integer."
      )
    else
      builtins.fromJSON (builtins.head m);
  toInt' = s: builtins.fromJSON s;
  toIntBase10 = s: let m = builtins.match "[[:space:]]*0*(-?[[:digit:]]+)[[:space:]]*" s; in
    if m == null then throw "toIntBase10: Could not convert ${escapeNixString s} to int." else builtins.fromJSON (builtins.head m);
  readPathsFromFile = root: file: map (l: root + "/${l}") (builtins.filter (l: l != "" && !hasPrefix "#" l) (splitString "\n" (builtins.readFile file)));
  fileContents = file: removeSuffix "\n" (builtins.readFile file);
  sanitizeDerivationName =
    s:
    let
      str = builtins.unsafeDiscardStringContext (toString s);
      ok = concatMapStrings (p: if isList p then "-" else p) (builtins.split "[^[:alnum:]+._?=-]+" (
        let m = builtins.match "\\.*(.*)" str; in builtins.head m
      ));
      len = stringLength ok;
    in
    if len == 0 then "unknown" else if len > 207 then substring (len - 207) (-1) ok else ok;

  versionOlder = v1: v2: builtins.compareVersions v2 v1 == 1;
  versionAtLeast = v1: v2: !versionOlder v1 v2;
  getName = x: if builtins.isString x then (builtins.parseDrvName x).name else x.pname or (builtins.parseDrvName x.name).name;
  getVersion = x: if builtins.isString x then (builtins.parseDrvName x).version else x.version or (builtins.parseDrvName x.name).version;
  nameFromURL = url: sep: head (splitString sep (lib.last (splitString "/" url)));

  cmakeFeature = feature: value: "-D${feature}:STRING=${value}";
  cmakeBool = feature: flag: "-D${feature}:BOOL=${if flag then "TRUE" else "FALSE"}";
  enableFeature = flag: feature: "--${if flag then "enable" else "disable"}-${feature}";
  withFeature = flag: feature: "--${if flag then "with" else "without"}-${feature}";
  enableFeatureAs = flag: feature: value: enableFeature flag feature + optionalString flag "=${value}";
  withFeatureAs = flag: feature: value: withFeature flag feature + optionalString flag "=${value}";
}
