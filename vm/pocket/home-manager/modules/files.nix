# home.file: building the tree of links, refusing to clobber, linking, and
# removing what the previous generation had.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (config.home) homeDirectory;
  inherit (import ./lib/since.nix) since;
  inherit (import ./lib/file-type.nix { inherit homeDirectory lib pkgs; }) fileType;

  enabled = lib.filter (f: f.enable) (lib.attrValues config.home.file);
  # Short targets first, so that a directory comes before what is put into it.
  files = if since "26.05" then lib.sortOn (f: lib.stringLength f.target) enabled else enabled;
  changing = lib.filter (f: f.onChange != "") files;

  inStore =
    file:
    let
      path = toString file.source;
    in
    if builtins.hasContext path then
      path
    else
      "${builtins.path {
        path = file.source;
        name = lib.hm.strings.storeFileName (baseNameOf path);
      }}";

  targets = map (f: f.target) files;
  twice = lib.attrNames (lib.filterAttrs (_: l: builtins.length l > 1) (lib.groupBy (t: t) targets));
in
{
  options = {
    home.file = lib.mkOption {
      type = fileType "home.file" "{env}`HOME`" homeDirectory;
      default = { };
      description = "Attribute set of files to link into the user home.";
    };
    home-files = lib.mkOption {
      type = lib.types.package;
      internal = true;
      description = "Package to contain all home files";
    };
  };

  config = {
    assertions = [
      {
        assertion = twice == [ ];
        message = ''
          Conflicting managed target files: ${lib.concatStringsSep ", " twice}

          This may happen, for example, if you have a configuration similar to

              home.file = {
                conflict1 = { source = ./foo.nix; target = "baz"; };
                conflict2 = { source = ./bar.nix; target = "baz"; };
              }'';
      }
    ];

    lib.file.mkOutOfStoreSymlink =
      path:
      let
        target = toString path;
      in
      pkgs.runCommandLocal (lib.hm.strings.storeFileName (baseNameOf target)) { } "ln -s ${lib.escapeShellArg target} $out";

    home.activation = {
      checkLinkTargets = lib.hm.dag.entryBefore [ "writeBoundary" ] ''
        forcedPaths=(${lib.concatMapStringsSep " " (f: ''"$HOME"/${lib.escapeShellArg f.target}'') (lib.filter (f: f.force) files)})
        ${builtins.readFile (if since "25.11" then ./files/collisions.sh else ./files/collisions-before-25.11.sh)}
        ${builtins.readFile ./files/check-link-targets.sh}
      '';
      linkGeneration = lib.hm.dag.entryAfter [ "writeBoundary" ] ''
        ${builtins.readFile ./files/link-generation.sh}
        dropOldLinks
        ${lib.optionalString (!since "25.05") "makeGeneration"}
        placeLinks
      '';

      # What has an onChange hook is compared before the links are replaced.
      checkFilesChanged = lib.hm.dag.entryBefore [ "linkGeneration" ] (
        "declare -A changedFiles\n"
        + lib.optionalString (changing != [ ]) ''
          function sameContent() {
            if [[ -d $1 && -d $2 ]]; then diff -rq "$1" "$2" &> /dev/null; else cmp --quiet "$1" "$2"; fi
          }
          ${lib.concatMapStrings (f: ''
            if sameContent ${lib.escapeShellArg (inStore f)} ${lib.escapeShellArg "${homeDirectory}/${f.target}"}; then
              changedFiles[${lib.escapeShellArg f.target}]=0
            else
              changedFiles[${lib.escapeShellArg f.target}]=1
            fi
          '') changing}
          unset -f sameContent
        ''
      );
      onFilesChange = lib.hm.dag.entryAfter [ "linkGeneration" ] (
        lib.concatMapStrings (f: ''
          if (( ''${changedFiles[${lib.escapeShellArg f.target}]} == 1 )); then
            if [[ -v DRY_RUN || -v VERBOSE ]]; then
              echo "Running onChange hook for" ${lib.escapeShellArg f.target}
            fi
            if [[ ! -v DRY_RUN ]]; then
              ${f.onChange}
            fi
          fi
        '') changing
      );
    };

    home-files = pkgs.writer {
      name = "home-manager-files";
      builder = "/usr/bin/perl";
      args = [
        "-e"
        (builtins.readFile ./files/home-files.pl)
      ];
      # Whether files can be put into a directory that is there already.
      intoDirectories = lib.optionalString (since "26.05") "1";
      # One file per four lines: source, target, executable, recursive.
      entries = lib.concatMapStrings (
        f:
        "${inStore f}\n${f.target}\n${
          if f.executable == null then "inherit" else if f.executable then "yes" else "no"
        }\n${if !f.recursive then "" else if f.ignorelinks or false then "ignorelinks" else "follow"}\n"
      ) files;
      passAsFile = [ "entries" ];
    };
  };
}
