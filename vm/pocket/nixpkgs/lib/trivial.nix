# Functions about nothing in particular, and the channel's own version.
{ lib }:
let
  revision = import ../revision.nix;
in
{
  inherit (builtins)
    add
    addErrorContext
    appendContext
    baseNameOf
    bitAnd
    bitOr
    bitXor
    ceil
    convertHash
    deepSeq
    dirOf
    div
    filterSource
    floor
    fromJSON
    fromTOML
    genericClosure
    getContext
    hasContext
    hashFile
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isNull
    isPath
    isString
    lessThan
    mul
    pathExists
    placeholder
    readDir
    readFile
    readFileType
    seq
    sub
    toFile
    toString
    toXML
    trace
    tryEval
    typeOf
    unsafeDiscardOutputDependency
    ;
  bitNot = builtins.sub (-1);

  id = x: x;
  const = x: _: x;
  pipe = builtins.foldl' (x: f: f x);
  concat = x: y: x ++ y;
  or = x: y: x || y;
  and = x: y: x && y;
  xor = x: y: (!x) != (!y);
  boolToString = b: if b then "true" else "false";
  boolToYesNo = b: if b then "yes" else "no";
  mergeAttrs = x: y: x // y;
  flip =
    f: a: b:
    f b a;
  defaultTo = default: x: if x == null then default else x;
  mapNullable = f: a: if a == null then a else f a;
  mod = base: int: base - (int * (builtins.div base int));
  min = x: y: if x < y then x else y;
  max = x: y: if x > y then x else y;
  compare =
    a: b:
    if a < b then
      -1
    else if a > b then
      1
    else
      0;
  splitByAndCompare =
    p: yes: no: a: b:
    if p a then
      (if p b then yes a b else -1)
    else if p b then
      1
    else
      no a b;

  # The release, as a Home Manager compares it with its own.
  inherit (revision) release;
  version = revision.release + revision.versionSuffix;
  inherit (revision) versionSuffix codeName;
  oldestSupportedRelease = 2511;
  isInOldestRelease = r: r <= 2511;
  oldestSupportedReleaseIsAtLeast = r: r <= 2511;
  revisionWithDefault = default: default;
  inNixShell = false;
  inPureEvalMode = !builtins ? currentSystem;

  warn = builtins.warn or (msg: builtins.trace "evaluation warning: ${msg}");
  warnIf = cond: msg: if cond then lib.trivial.warn msg else x: x;
  warnIfNot = cond: msg: if cond then x: x else lib.trivial.warn msg;
  throwIf = cond: msg: if cond then throw msg else x: x;
  throwIfNot = cond: msg: if cond then x: x else throw msg;
  info = msg: builtins.trace "INFO: ${msg}";
  showWarnings = warnings: res: lib.foldr (w: x: lib.trivial.warn w x) res warnings;
  checkListOfEnum =
    msg: valid: given:
    let
      unexpected = lib.subtractLists valid given;
    in
    lib.throwIfNot (unexpected == [ ]) "${msg}: ${
      builtins.concatStringsSep ", " (map toString unexpected)
    } unexpected; valid ones: ${builtins.concatStringsSep ", " (map toString valid)}";

  importJSON = path: builtins.fromJSON (builtins.readFile path);
  importTOML = path: builtins.fromTOML (builtins.readFile path);

  # Functions may be sets that carry `__functor`; their arguments are then in
  # `__functionArgs`.
  isFunction = f: builtins.isFunction f || (f ? __functor && lib.isFunction (f.__functor f));
  functionArgs =
    f:
    if f ? __functor then
      f.__functionArgs or (lib.functionArgs (f.__functor f))
    else
      builtins.functionArgs f;
  setFunctionArgs = f: args: {
    __functor = _self: f;
    __functionArgs = args;
  };
  mirrorFunctionArgs = f: g: lib.setFunctionArgs g (lib.functionArgs f);
  toFunction = v: if lib.isFunction v then v else _: v;

  toHexString =
    n:
    let
      digits = "0123456789ABCDEF";
      digit = i: builtins.substring i 1 digits;
    in
    if n < 16 then digit n else lib.toHexString (n / 16) + digit (lib.mod n 16);
  toBaseDigits =
    base: n:
    if n < base then [ n ] else lib.toBaseDigits base (n / base) ++ [ (lib.mod n base) ];
  fromHexString = s: (builtins.fromTOML "v = 0x${lib.removePrefix "0x" s}").v;
}
