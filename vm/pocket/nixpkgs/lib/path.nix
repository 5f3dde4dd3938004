# Paths as values.
{ lib }:
{
  append = path: sub: path + "/${sub}";
  hasPrefix = a: b: lib.hasPrefix (toString a + "/") (toString b + "/");
  removePrefix = a: b: "./" + lib.removePrefix (toString a + "/") (toString b);
  subpath = {
    isValid = s: builtins.isString s && s != "" && !lib.hasPrefix "/" s && !lib.elem ".." (lib.splitString "/" s);
    join = parts: "./" + lib.concatStringsSep "/" (map (lib.removePrefix "./") parts);
    normalise = s: "./" + lib.removePrefix "./" s;
    components = s: lib.filter (x: x != "." && x != "") (lib.splitString "/" s);
  };
}
