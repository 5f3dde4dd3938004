# `lib` of the pocket channel: the part of nixpkgs' library that setups use.
# Each file is one idea and is named as nixpkgs names it; most is also
# reachable flat (`lib.mkIf` as well as `lib.modules.mkIf`).
let
  fixedPoints = import ./fixed-points.nix;
  notModelled = import ../not-modelled.nix;
  parts = lib: {
    trivial = import ./trivial.nix { inherit lib; };
    attrsets = import ./attrsets.nix { inherit lib; };
    lists = import ./lists.nix { inherit lib; };
    strings = import ./strings.nix { inherit lib; };
    versions = import ./versions.nix { inherit lib; };
    options = import ./options.nix { inherit lib; };
    modules = import ./modules.nix { inherit lib; };
    types = import ./types.nix { inherit lib; };
    generators = import ./generators.nix { inherit lib; };
    gvariant = lib.genAttrs [
      "isGVariant" "mkArray" "mkBoolean" "mkDictionaryEntry" "mkDouble" "mkEmptyArray" "mkInt16" "mkInt32" "mkInt64" "mkJust"
      "mkMaybe" "mkNothing" "mkObjectpath" "mkString" "mkTuple" "mkUchar" "mkUint16" "mkUint32" "mkUint64" "mkValue" "mkVariant" "type"
    ] (name: notModelled "lib.gvariant.${name}");
    customisation = import ./customisation.nix { inherit lib; };
    meta = import ./meta.nix { inherit lib; };
    licenses = import ./licenses.nix;
    asserts = import ./asserts.nix { inherit lib; };
    sources = import ./sources.nix { inherit lib; };
    filesystem = import ./filesystem.nix { inherit lib; };
    fileset = notModelled "lib.fileset";
    path = import ./path.nix { inherit lib; };
    systems = import ./systems.nix { inherit lib; };
    debug = import ./debug.nix { inherit lib; };
    inherit fixedPoints;
    maintainers = import ./maintainers.nix;
    platforms = lib.systems.doubles;
    cli = import ./cli.nix { inherit lib; };
    stringsWithDeps = import ./strings-with-deps.nix { inherit lib; };
    nixosSystem = args: import ../nixos/lib/eval-config.nix ({ inherit lib; system = null; } // args);
  };
  flat =
    p:
    removeAttrs (
      p.trivial
      // p.attrsets
      // p.lists
      # `lib.replicate' makes lists, `lib.strings.replicate' strings.
      // removeAttrs p.strings [ "replicate" ]
      // p.options
      // p.modules
      // p.customisation
      // p.meta
      // p.asserts
      // p.sources
      // p.filesystem
      // p.debug
      // p.stringsWithDeps
      // fixedPoints
    ) notFlat;
  # What nixpkgs has only below `lib.strings' and so on, and what is our own.
  notFlat = [
    # trivial
    "codeName" "isNull" "oldestSupportedRelease" "release" "revisionWithDefault" "versionSuffix"
    # lists, attrsets
    "commonPrefix" "findFirstIndex" "unionOfDisjoint"
    # strings
    "charToInt" "commonPrefixLength" "commonSuffixLength" "escapeC" "escapeNixIdentifier" "escapeNixString"
    "escapeSystemdPath" "floatToString" "isCoercibleToString" "isConvertibleWithToString" "keywords" "levenshtein"
    "levenshteinAtMost" "makePerlPath" "normalizeName" "normalizePath" "quoteSystemdValue" "readPathsFromFile"
    "sanitizeDerivationName" "splitLines" "toInt'"
    # options
    "literalCode" "prioritySuggestion" "renderOptionValue" "showDefs" "typeOfValue"
    # modules
    "applyModuleArgs" "collectModules" "defaultOrderPriority" "defaultOverridePriority" "defsFinal" "discharge"
    "evalOption" "importApply" "leaf" "mergeDeclarations" "mergeTree" "mkAliasAndWrapDefsWithPriority" "mkAliasIfDef"
    "mkForceOverride" "mkStrict" "noDeclaration" "notAModule" "pushDown" "showRawDecls" "unify" "unknown" "unmatchedMessage" "withExtras"
    # meta, asserts, filesystem, fixedPoints
    "availableOn" "platformMatch" "assertEachOneOf" "checkAssertWarn" "listFilesRecursive" "toOverlay"
  ];
in
fixedPoints.makeExtensible (
  lib:
  let
    p = parts lib;
  in
  flat p
  // p
  // {
    inherit (p.generators) mkLuaInline;
    fakeHash = "sha256-${lib.strings.replicate 43 "A"}=";
    fakeSha256 = lib.strings.replicate 64 "0";
    fakeSha512 = lib.strings.replicate 128 "0";
    inherit (p.types) isType setType mkOptionType defaultFunctor;
  }
)
