# Sources.
{ lib }:
rec {
  cleanSourceFilter =
    name: _type:
    let
      base = baseNameOf (toString name);
    in
    !(builtins.elem base [ ".git" ".svn" ".hg" "CVS" ] || lib.hasSuffix "~" base || base == "result" || lib.hasPrefix "result-" base);
  cleanSource = src: cleanSourceWith { filter = cleanSourceFilter; inherit src; };
  cleanSourceWith =
    {
      filter ? _path: _type: true,
      src,
      name ? "source",
    }:
    builtins.path { inherit filter name; path = src; };
  sourceByRegex = src: regexes: builtins.path {
    name = "source";
    path = src;
    filter = path: _type:
      let rel = lib.removePrefix (toString src + "/") (toString path); in
      lib.any (re: builtins.match re rel != null) regexes;
  };
  sourceFilesBySuffices = src: suffices: builtins.path {
    name = "source";
    path = src;
    filter = path: type: type == "directory" || lib.any (s: lib.hasSuffix s path) suffices;
  };
  pathIsGitRepo = _path: false;
  commitIdFromGitRepo = path: throw "commitIdFromGitRepo: ${toString path} is not modelled by the pocket channel; run this on the real channel";
}
