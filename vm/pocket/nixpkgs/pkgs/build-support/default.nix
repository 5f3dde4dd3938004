# Builders of small things, as nixpkgs' trivial-builders.
{ lib, pkgs }:
let
  inherit (pkgs) system;

  # A derivation that only writes: /bin/sh and no forks, since a guest without
  # hardware virtualisation pays for every process.
  writer =
    attrs:
    derivation (
      {
        inherit system;
        builder = "/bin/sh";
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // attrs
      // lib.optionalAttrs (attrs ? name) { name = lib.strings.sanitizeDerivationName attrs.name; }
    );
  # nixpkgs' shape around a plain derivation.
  packaged =
    drv: extra:
    drv
    // {
      meta = {
        name = drv.name;
        available = true;
        unfree = false;
        broken = false;
      }
      // (extra.meta or { });
      passthru = extra.passthru or { };
      # What a package says of itself is no part of what is built.
      overrideAttrs =
        f:
        let
          prev = drv.drvAttrs // {
            meta = extra.meta or { };
            passthru = extra.passthru or { };
          };
          once = lib.toFunction f prev;
          new = if lib.isFunction once then f (prev // new) prev else once;
          built = removeAttrs new [ "meta" "passthru" ];
        in
        packaged (if built == { } then drv else derivation (drv.drvAttrs // built)) (
          extra // builtins.intersectAttrs { meta = null; passthru = null; } new
        );
    }
    // lib.optionalAttrs (extra ? pname) { inherit (extra) pname; }
    // (extra.passthru or { });
  # Bash reads a script without running it, so that a syntax error fails the build.
  dryRun = "${pkgs.stdenv.shellDryRun} \"$target\"\n";
in
rec {
  runCommandWith =
    {
      stdenv ? pkgs.stdenv,
      runLocal ? false,
      derivationArgs ? { },
      name,
    }:
    buildCommand:
    stdenv.mkDerivation (
      derivationArgs
      // {
        inherit name buildCommand;
        passAsFile = [ "buildCommand" ] ++ (derivationArgs.passAsFile or [ ]);
      }
      // lib.optionalAttrs runLocal {
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
    );
  runCommand = name: derivationArgs: runCommandWith { inherit name derivationArgs; };
  runCommandNoCC = runCommand;
  runCommandCC = runCommand;
  runCommandLocal = name: derivationArgs: runCommandWith { inherit name derivationArgs; runLocal = true; };
  runCommandNoCCLocal = runCommandLocal;

  writeTextFile =
    {
      name ? args.pname or (throw "writeTextFile: name is missing"),
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
      derivationArgs ? { },
      allowSubstitutes ? false,
      preferLocalBuild ? true,
    }@args:
    let
      long = builtins.stringLength text > 60000;
      main = meta // lib.optionalAttrs (executable && lib.hasPrefix "/bin/" destination && !(meta ? mainProgram)) { mainProgram = lib.removePrefix "/bin/" destination; };
    in
    lib.throwIf (destination != "" && !lib.hasPrefix "/" destination) "destination must be an absolute path, relative to the derivation's out path, got '${destination}' instead." (
      packaged (writer (
        {
          name = lib.strings.sanitizeDerivationName name;
          inherit text;
          # A check of the caller's own is written for bash.
          builder = if checkPhase == "" || checkPhase == dryRun then "/bin/sh" else "/bin/bash";
          args = [
            "-ec"
            (
              (if destination == "" then "" else "PATH=/usr/bin:/bin; mkdir -p \"$out${builtins.dirOf destination}\"\n")
              + "target=\"$out${destination}\"\n"
              + (if long then "/bin/cat \"$textPath\" > \"$target\"\n" else "printf '%s' \"$text\" > \"$target\"\n")
              + lib.optionalString executable "/bin/chmod +x \"$target\"\n"
              + lib.optionalString (checkPhase != "" && checkPhase != dryRun) "PATH=/usr/bin:/bin\nrunHook() { :; }\n"
              + lib.optionalString (checkPhase != "") "${checkPhase}\n"
              # Nix kills a builder that has closed its output, which coreutils
              # do before they end; so none of them may be the last process.
              + "exit 0\n"
            )
          ];
        }
        // lib.optionalAttrs long { passAsFile = [ "text" ]; }
        // derivationArgs
      )) {
        inherit passthru;
        meta = main;
      }
    );
  writeText = name: text: writeTextFile { inherit name text; };
  writeTextDir = path: text: writeTextFile {
    inherit text;
    name = baseNameOf path;
    destination = "/${path}";
  };
  writeScript = name: text: writeTextFile {
    inherit name text;
    executable = true;
  };
  writeScriptBin = name: text: writeTextFile {
    inherit name text;
    executable = true;
    destination = "/bin/${name}";
  };
  writeShellScript = name: text: writeTextFile {
    inherit name;
    executable = true;
    text = "#!${pkgs.runtimeShell}\n${text}\n";
    checkPhase = dryRun;
  };
  writeShellScriptBin = name: text: writeTextFile {
    inherit name;
    executable = true;
    destination = "/bin/${name}";
    text = "#!${pkgs.runtimeShell}\n${text}\n";
    checkPhase = dryRun;
    meta.mainProgram = name;
  };
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? null,
      meta ? { },
      passthru ? { },
      checkPhase ? null,
      excludeShellChecks ? [ ],
      extraShellCheckFlags ? [ ],
      bashOptions ? [ "errexit" "nounset" "pipefail" ],
      derivationArgs ? { },
      inheritPath ? true,
    }:
    writeTextFile {
      inherit name passthru derivationArgs;
      executable = true;
      destination = "/bin/${name}";
      checkPhase = if checkPhase == null then dryRun else checkPhase;
      meta = { mainProgram = name; } // meta;
      text =
        "#!${pkgs.runtimeShell}\n"
        + lib.concatMapStrings (o: "set -o ${o}\n") bashOptions
        + lib.concatStrings (lib.mapAttrsToList (n: v: "${lib.toShellVar n v}\nexport ${n}\n") (if runtimeEnv == null then { } else runtimeEnv))
        + lib.optionalString (runtimeInputs != [ ]) "\nexport PATH=\"${lib.makeBinPath runtimeInputs}${lib.optionalString inheritPath ":$PATH"}\"\n"
        + "\n${text}\n";
    };
  concatTextFile = { name, files, executable ? false, destination ? "", ... }: runCommandLocal name { inherit files; } ''
    target=$out${destination}
    mkdir -p "$(dirname "$target")"
    cat $files > "$target"
    ${lib.optionalString executable "chmod +x \"$target\""}
  '';
  concatText = name: files: concatTextFile { inherit name files; };

  emptyFile = writeTextFile { name = "empty-file"; text = ""; };
  emptyDirectory = packaged (writer { name = "empty-directory"; args = [ "-ec" "/bin/mkdir $out; exit 0" ]; }) { };

  linkFarm =
    name: entries:
    let
      list = if builtins.isAttrs entries then lib.mapAttrsToList (name: path: { inherit name path; }) entries else entries;
    in
    runCommandLocal name { passthru.entries = lib.listToAttrs (map (e: lib.nameValuePair e.name e.path) list); } (
      "mkdir -p $out\ncd $out\n"
      + lib.concatMapStrings (e: ''
        mkdir -p "$(dirname ${lib.escapeShellArg e.name})"
        ln -s ${lib.escapeShellArg "${e.path}"} ${lib.escapeShellArg e.name}
      '') list
    );
  linkFarmFromDrvs = name: drvs: linkFarm name (map (d: { inherit (d) name; path = d; }) drvs);

  buildEnv = import ./buildenv { inherit lib system packaged; };
  symlinkJoin =
    args@{
      name ? "${args.pname}-${args.version}",
      paths,
      stripPrefix ? "",
      preferLocalBuild ? true,
      allowSubstitutes ? false,
      postBuild ? "",
      nativeBuildInputs ? [ ],
      buildInputs ? [ ],
      failOnMissing ? true,
      passthru ? { },
      meta ? { },
      ...
    }:
    runCommandWith
      {
        inherit name;
        runLocal = true;
        derivationArgs =
          removeAttrs args [ "name" "postBuild" "stripPrefix" "paths" "failOnMissing" ]
          // {
            inherit nativeBuildInputs buildInputs passthru meta;
            paths = map (p: "${p}${stripPrefix}") paths;
          };
      }
      ''
        mkdir -p $out
        for i in $paths; do
          [ -d "$i" ] || continue
          cp -rsn --no-preserve=mode "$(readlink -f "$i")/." $out/ 2>/dev/null || true
        done
        ${postBuild}
      '';

  makeSetupHook = _args: _script: emptyDirectory;
  makeWrapper = emptyDirectory;
  makeBinaryWrapper = emptyDirectory;
  installShellFiles = emptyDirectory;
  makeDesktopItem = import ./desktop-item.nix { inherit lib pkgs writeTextFile; };

  replaceVarsWith =
    {
      src,
      replacements,
      name ? baseNameOf (toString src),
      isExecutable ? false,
      dir ? "",
      ...
    }:
    let
      text = builtins.readFile src;
      names = builtins.attrNames replacements;
    in
    writeTextFile {
      inherit name;
      executable = isExecutable;
      destination = lib.optionalString (dir != "") "/${dir}/${name}";
      text = lib.replaceStrings (map (n: "@${n}@") names) (map (n: if replacements.${n} == null then "@${n}@" else toString replacements.${n}) names) text;
    };
  replaceVars = src: replacements: replaceVarsWith { inherit src replacements; };
  substituteAll = args: replaceVarsWith {
    inherit (args) src;
    name = args.name or (baseNameOf (toString args.src));
    isExecutable = args.isExecutable or false;
    dir = args.dir or "";
    replacements = removeAttrs args [ "src" "name" "isExecutable" "dir" "inherit" ];
  };

  inherit writer packaged;

  formats = import ../pkgs-lib/formats.nix { inherit lib pkgs; };
}
// lib.genAttrs [ "fetchurl" "fetchzip" "fetchgit" "fetchFromGitHub" "fetchFromGitLab" "fetchpatch" "fetchTarball" ] (
  name: args:
  derivation {
    inherit system;
    name = args.name or "source";
    builder = "/bin/sh";
    args = [ "-c" "echo '${name}: the pocket channel works offline and fetches nothing; run this scenario on the real channel' >&2; exit 1" ];
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    outputHash = "0000000000000000000000000000000000000000000000000000";
  }
)
