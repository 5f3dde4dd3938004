# What was downloaded -> index.json. `listing` has one line `SHA256  FILE.deb`
# per package; `libs` is the digest of the list of library packages.
{
  listing,
  libs,
  system,
}:
let
  lib = import ../../lib;
  files = map (
    line:
    let
      file = builtins.substring 66 (-1) line;
      parts = lib.splitString "_" file;
    in
    {
      inherit file;
      sum = builtins.substring 0 64 line;
      deb = builtins.head parts;
      debianVersion = lib.replaceStrings [ "%3a" ] [ ":" ] (builtins.elemAt parts 1);
    }
  ) (builtins.filter (l: l != "") (lib.splitString "\n" (builtins.readFile listing)));
  byName = lib.listToAttrs (map (f: lib.nameValuePair f.deb f) files);
  # A name with a * fits whatever version a Debian has.
  fitting = pattern: builtins.filter (f: builtins.match (lib.replaceStrings [ "." "*" ] [ "\\." ".*" ] pattern) f.deb != null) files;

  # 1:2.47.3-0+deb13u1 -> 2.47.3, as upstream says it.
  upstream =
    version:
    let
      noEpoch = lib.last (lib.splitString ":" version);
      parts = lib.splitString "-" noEpoch;
      noRevision = if builtins.length parts == 1 then noEpoch else lib.concatStringsSep "-" (lib.init parts);
      plain = builtins.match "(.*)[+~.](dfsg|ds|really|repack|git|nmu).*" noRevision;
    in
    lib.replaceStrings [ "~" "+" ":" ] [ "-" "-" "-" ] (if plain == null then noRevision else builtins.head plain);
in
{
  inherit system libs;
  packages = builtins.mapAttrs (
    attr: p:
    let
      one = d: byName.${d} or (throw "the .deb of ${d} (package ${attr}) was not downloaded");
      mine = lib.concatMap (d: if lib.hasInfix "*" d then fitting d else [ (one d) ]) (p.debs or [ attr ]);
    in
    {
      version = p.version or (upstream (builtins.head mine).debianVersion);
      debs = map (f: "${f.sum}:${f.file}") mine;
    }
  ) (import ./revision-packages.nix (import ./packages.nix))
  // {
    debian-libs = {
      version = "13";
      debs = [ ];
    };
    debianLibs = {
      version = "13";
      debs = [ ];
    };
  };
}
