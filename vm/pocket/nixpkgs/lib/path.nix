# Paths as values.
{ lib }:
let
  componentsOf = text: lib.filter (it: it != "." && it != "") (lib.splitString "/" text);
  of = path: componentsOf (toString path);
  relative = components: "./" + (if components == [ ] then "." else lib.concatStringsSep "/" components);
  # Why text is no path below another one, or null.
  reason =
    s:
    if !builtins.isString s then
      "The given value is of type ${builtins.typeOf s}, but a string was expected"
    else if s == "" then
      "The given string is empty"
    else if lib.hasPrefix "/" s then
      "The given string \"${s}\" starts with a `/`, representing an absolute path"
    else if lib.elem ".." (lib.splitString "/" s) then
      "The given string \"${s}\" contains a `..` component, which is not allowed in subpaths"
    else
      null;
  valid = what: s: if reason s == null then s else throw "${what} is not a valid subpath string:\n    ${reason s}";
  path =
    what: p:
    if builtins.isPath p then p else throw "lib.path.${what} is of type ${builtins.typeOf p}, but a path was expected";
  isWithin = outer: inner: lib.take (lib.length outer) inner == outer;
in
rec {
  append =
    path: sub:
    if !builtins.isPath path then
      throw "lib.path.append: The first argument is of type ${builtins.typeOf path}, but a path was expected"
    else
      path + ("/" + valid "lib.path.append: Second argument" sub);
  hasPrefix = a: b: isWithin (of (path "hasPrefix: First argument" a)) (of (path "hasPrefix: Second argument" b));
  removePrefix =
    a: b:
    if isWithin (of (path "removePrefix: First argument" a)) (of (path "removePrefix: Second argument" b)) then
      relative (lib.drop (lib.length (of a)) (of b))
    else
      throw ''lib.path.removePrefix: The first path argument "${toString a}" is not a component-wise prefix of the second path argument "${toString b}".'';
  splitRoot =
    p:
    builtins.seq (path "splitRoot: Argument" p) {
      root = /.;
      subpath = relative (of p);
    };
  hasStorePathPrefix = path: builtins.match "${builtins.storeDir}/[0-9a-z]{32}-.*" (toString path) != null;
  subpath = {
    isValid = s: reason s == null;
    join =
      parts:
      relative (
        lib.concatLists (lib.imap0 (i: s: componentsOf (valid "lib.path.subpath.join: Element at index ${toString i}" s)) parts)
      );
    normalise = s: relative (componentsOf (valid "lib.path.subpath.normalise: Argument" s));
    components = s: componentsOf (valid "lib.path.subpath.components: Argument" s);
  };
}
