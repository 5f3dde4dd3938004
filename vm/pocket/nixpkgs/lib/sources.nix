# Sources.
{ lib }:
rec {
  cleanSourceFilter =
    name: type:
    let
      base = baseNameOf (toString name);
      versionControl = base == ".git" || type == "directory" && builtins.elem base [ ".svn" "CVS" ".hg" ".jj" ".pijul" "_darcs" ];
      editor = lib.hasSuffix "~" base || builtins.match "\\.(.*\\.)?sw[a-z]" base != null;
      built = lib.hasSuffix ".o" base || lib.hasSuffix ".so" base || type == "symlink" && lib.hasPrefix "result" base;
    in
    # Sockets and the like cannot be in the store.
    !(versionControl || editor || built || type == "unknown");
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
