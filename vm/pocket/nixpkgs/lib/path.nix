# Paths as values.
{ lib }:
let
  componentsOf = text: lib.filter (it: it != "." && it != "") (lib.splitString "/" text);
  of = path: componentsOf (toString path);
  relative = components: "./" + (if components == [ ] then "." else lib.concatStringsSep "/" components);
  isWithin = outer: inner: lib.take (lib.length outer) inner == outer;
in
rec {
  append = path: sub: path + "/${sub}";
  hasPrefix = a: b: isWithin (of a) (of b);
  removePrefix =
    a: b:
    if hasPrefix a b then
      relative (lib.drop (lib.length (of a)) (of b))
    else
      throw ''lib.path.removePrefix: The first path argument "${toString a}" is not a component-wise prefix of the second path argument "${toString b}".'';
  splitRoot = path: {
    root = /.;
    subpath = relative (of path);
  };
  hasStorePathPrefix = path: builtins.match "${builtins.storeDir}/[0-9a-z]{32}-.*" (toString path) != null;
  subpath = {
    isValid = s: builtins.isString s && s != "" && !lib.hasPrefix "/" s && !lib.elem ".." (lib.splitString "/" s);
    join = parts: relative (lib.concatMap componentsOf parts);
    normalise = s: relative (componentsOf s);
    components = componentsOf;
  };
}
