# `pkgs.formats`: a type and a generator for each kind of settings file.
{ lib, pkgs }:
let
  inherit (lib) types;
  notModelled = import ../../not-modelled.nix;
  inherit (import ./xml.nix { inherit lib; }) toXml;
  inherit (import ./yaml.nix { inherit lib; }) toYaml;
  # A settings file. One that is changed afterwards is written by a command, which `buildCommand` holds.
  file =
    name: text:
    pkgs.writeText name text
    // {
      overrideAttrs = (pkgs.runCommandLocal name { inherit text; passAsFile = [ "text" ]; } "cat \"$textPath\" > $out\n").overrideAttrs;
    };
  # A value of scalars, lists and sets, nested as deep as wanted; `of` says what else each may be. Not lib's own types
  # of this kind: a checkout of an older library in its place has none.
  nested =
    description: of:
    let
      t =
        of (
          types.oneOf (
            scalars
            ++ [
              (types.attrsOf t)
              (types.listOf t)
            ]
          )
        )
        // { inherit description; };
    in
    t;
  scalars = with types; [ bool int float str path ];
  yamlOf = version: { }: {
    type = nested "YAML ${version} value" types.nullOr;
    generate = name: value: file name (toYaml value);
    lib = { };
  };
  # What nixpkgs has besides; refused by name.
  unmodelled = [ "cdn" "configobj" "elixirConf" "hcl1" "hocon" "javaProperties" "kdl" "libconfig" "lua" "nixConf" "php" "plist" "pythonVars" ];
  # The values of a set, lists among them made one value each where that is asked for.
  joinLists = listToValue: lib.mapAttrs (_: v: if builtins.isList v && listToValue != null then listToValue v else v);
  atom = types.nullOr (types.oneOf (with types; [ bool int float str ]));

  # JSON with two spaces, as jq prints it.
  pretty =
    ind: v:
    let
      inner = ind + "  ";
      block = open: close: items: if items == [ ] then open + close else "${open}\n${lib.concatMapStringsSep ",\n" (i: inner + i) items}\n${ind}${close}";
    in
    if lib.isDerivation v then
      builtins.toJSON "${v}"
    else if builtins.isAttrs v then
      block "{" "}" (lib.mapAttrsToList (k: x: "${builtins.toJSON k}: ${pretty inner x}") v)
    else if builtins.isList v then
      block "[" "]" (map (pretty inner) v)
    else
      builtins.toJSON v;

  toToml =
    value:
    let
      key = k: if builtins.match "[A-Za-z0-9_-]+" k != null then k else builtins.toJSON k;
      isTable = v: builtins.isAttrs v && !lib.isDerivation v;
      isTables = v: builtins.isList v && v != [ ] && lib.all isTable v;
      inline =
        v:
        if builtins.isList v then
          "[${lib.concatMapStringsSep ", " inline v}]"
        else if isTable v then
          "{ ${lib.concatStringsSep ", " (lib.mapAttrsToList (k: x: "${key k} = ${inline x}") v)} }"
        else if builtins.isString v || builtins.isPath v || lib.isDerivation v then
          builtins.toJSON "${v}"
        else if builtins.isFloat v then
          lib.strings.floatToString v
        else
          builtins.toJSON v;
      table =
        path: v:
        let
          flat = lib.filterAttrs (_: x: x != null && !isTable x && !isTables x) v;
          tables = lib.filterAttrs (_: isTable) v;
          arrays = lib.filterAttrs (_: isTables) v;
          here = lib.concatStrings (lib.mapAttrsToList (k: x: "${key k} = ${inline x}\n") flat);
          name = p: lib.concatMapStringsSep "." key p;
        in
        lib.optional (here != "" || (path != [ ] && tables == { } && arrays == { })) ((if path == [ ] then "" else "[${name path}]\n") + here)
        ++ lib.concatLists (lib.mapAttrsToList (k: table (path ++ [ k ])) tables)
        ++ lib.concatLists (lib.mapAttrsToList (k: xs: map (x: "[[${name (path ++ [ k ])}]]\n" + lib.concatStrings (lib.mapAttrsToList (k': y: "${key k'} = ${inline y}\n") x)) xs) arrays);
    in
    lib.concatStringsSep "\n" (table [ ] value);
in
lib.genAttrs unmodelled (name: notModelled "pkgs.formats.${name}")
// rec {
  json = { }: {
    type = nested "JSON value" types.nullOr;
    generate = name: value: file name (pretty "" value + "\n");
    lib = { };
  };
  yaml = yaml_1_1;
  yaml_1_1 = yamlOf "1.1";
  yaml_1_2 = yamlOf "1.2";
  toml = { }: {
    type = nested "TOML value" lib.id;
    generate = name: value: file name (toToml value);
    lib = { };
  };
  ini =
    {
      listsAsDuplicateKeys ? false,
      listToValue ? null,
      atomsCoercedToLists ? null,
      ...
    }@args:
    let
      value = if listsAsDuplicateKeys || listToValue != null then types.either atom (types.listOf atom) else atom;
      rest = removeAttrs args [ "listToValue" "atomsCoercedToLists" ];
    in
    {
      type = types.attrsOf (types.attrsOf (value // { description = "INI atom (null, bool, int, float or string)"; }));
      generate = name: v: file name (lib.generators.toINI rest (lib.mapAttrs (_: joinLists listToValue) v));
      lib.types.atom = atom;
    };
  iniWithGlobalSection = args: {
    type = types.submodule {
      options = {
        sections = lib.mkOption { type = (ini args).type; default = { }; };
        globalSection = lib.mkOption { type = types.attrsOf atom; default = { }; };
      };
    };
    generate = name: v: file name (lib.generators.toINIWithGlobalSection args v);
  };
  # As systemd reads it: a null sets nothing.
  systemd = ini {
    listsAsDuplicateKeys = true;
    mkKeyValue = k: v: if v == null then "# ${k} is unset" else "${k} = ${lib.generators.mkValueStringDefault { } v}";
  };
  gitIni = { ... }: {
    type = types.attrsOf (types.attrsOf types.anything);
    generate = name: v: file name (lib.generators.toGitINI v);
  };
  keyValue =
    {
      listsAsDuplicateKeys ? false,
      listToValue ? null,
      ...
    }@args:
    {
      type = types.attrsOf (if listsAsDuplicateKeys || listToValue != null then types.either atom (types.listOf atom) else atom);
      generate = name: v: file name (lib.generators.toKeyValue (removeAttrs args [ "listToValue" ]) (joinLists listToValue v));
    };

  xml =
    {
      format ? "badgerfish",
      withHeader ? true,
    }:
    if format != "badgerfish" then
      throw "pkgs.formats.xml: Unknown format: ${format}"
    else
      {
        type = nested "XML value" types.nullOr;
        generate = name: value: file name (toXml { inherit withHeader; } value);
        lib = { };
      };
}
