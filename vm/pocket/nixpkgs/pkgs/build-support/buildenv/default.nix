# buildEnv: one tree of links over many packages. Two packages that bring the
# same file are refused unless their priorities differ or the files are equal.
{
  lib,
  system,
  packaged,
}:
lib.makeOverridable (
  {
    name ? "${args.pname}-${args.version}",
    paths,
    extraOutputsToInstall ? [ ],
    pathsToLink ? [ "/" ],
    ignoreCollisions ? false,
    checkCollisionContents ? true,
    ignoreSingleFileOutputs ? false,
    includeClosures ? false,
    extraPrefix ? "",
    manifest ? "",
    postBuild ? "",
    nativeBuildInputs ? [ ],
    buildInputs ? [ ],
    passthru ? { },
    meta ? { },
    pname ? null,
    version ? null,
    derivationArgs ? { },
  }@args:
  let
    # The outputs of a package that are to be seen, each with its priority.
    outputsOf =
      drv:
      let
        priority = drv.meta.priority or 5;
        wanted =
          if drv.outputSpecified or false || !(drv ? outputs) then
            [ drv ]
          else
            map (o: drv.${o}) (lib.filter (o: lib.elem o (drv.meta.outputsToInstall or [ "out" ])) drv.outputs);
        extra = lib.filter (d: d != null) (map (o: if drv ? ${o} && drv.outputs or [ ] != [ ] && lib.elem o drv.outputs && !(lib.elem o (drv.meta.outputsToInstall or [ "out" ])) then drv.${o} else null) extraOutputsToInstall);
      in
      map (d: "${toString priority} ${d}") wanted ++ map (d: "${toString (priority + 1)} ${d}") extra;
  in
  packaged (derivation (
    {
      inherit name system extraPrefix;
      builder = "/bin/bash";
      args = [
        "-ec"
        ''
          export PATH=${lib.concatMapStrings (p: "${p}/bin:") (nativeBuildInputs ++ buildInputs)}/usr/bin:/bin
          if [ -n "''${perlScript-}" ]; then perl -e "$perlScript"; fi
          eval "$postBuild"
          exit 0
        ''
      ];
      perlScript = builtins.readFile ./builder.pl;
      chosen = lib.concatStringsSep "\n" (lib.concatMap outputsOf (lib.filter (p: p != null) paths));
      pathsToLink = lib.concatStringsSep "\n" pathsToLink;
      ignoreCollisions = toString ignoreCollisions;
      checkCollisionContents = if checkCollisionContents then "1" else "";
      inherit postBuild;
      preferLocalBuild = true;
      allowSubstitutes = false;
    }
    // derivationArgs
  )) { inherit passthru meta; }
)
