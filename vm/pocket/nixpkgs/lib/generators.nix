# Configuration files from values.
{ lib }:
let
  inherit (builtins) isAttrs isBool isFloat isInt isList isString attrNames;
in
rec {
  mkValueStringDefault =
    { }:
    v:
    if isInt v then
      toString v
    else if lib.isDerivation v then
      toString v
    else if isString v then
      v
    else if v == true then
      "true"
    else if v == false then
      "false"
    else if v == null then
      "null"
    else if isFloat v then
      lib.strings.floatToString v
    else
      throw "generators.mkValueStringDefault: ${builtins.typeOf v} not supported: ${toPretty { } v}";

  mkKeyValueDefault =
    {
      mkValueString ? mkValueStringDefault { },
    }:
    sep: k: v:
    "${lib.escape [ sep ] k}${sep}${mkValueString v}";

  toKeyValue =
    {
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
      indent ? "",
    }:
    attrs:
    let
      line = k: v: indent + mkKeyValue k v + "\n";
      lines = k: v: if listsAsDuplicateKeys && isList v then map (line k) v else [ (line k v) ];
    in
    lib.concatStrings (lib.concatLists (lib.mapAttrsToList lines attrs));

  toINI =
    {
      mkSectionName ? name: lib.escape [ "[" "]" ] name,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    sections:
    lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        name: keys: "[${mkSectionName name}]\n" + toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } keys
      ) sections
    );

  toINIWithGlobalSection =
    args:
    {
      globalSection,
      sections ? { },
    }:
    (
      if globalSection == { } then
        ""
      else
        toKeyValue (builtins.intersectAttrs { mkKeyValue = 1; listsAsDuplicateKeys = 1; } args) globalSection + "\n"
    )
    + toINI args sections;

  # git's own dialect: nested sets are sections with a quoted name.
  toGitINI =
    attrs:
    let
      isSet = v: isAttrs v && !lib.isDerivation v;
      mkSectionName =
        name:
        let
          parts = lib.splitString "." name;
        in
        if lib.hasInfix "\"" name || builtins.length parts == 1 then
          name
        else
          "${builtins.head parts} \"${lib.concatStringsSep "." (builtins.tail parts)}\"";
      quoted = v: "\"" + lib.replaceStrings [ "\\" "\"" "\n" "\t" ] [ "\\\\" "\\\"" "\\n" "\\t" ] v + "\"";
      line = mkKeyValueDefault { mkValueString = v: mkValueStringDefault { } (if isString v then quoted v else v); } " = ";
      mkKeyValue = k: v: lib.concatMapStringsSep "\n" (one: "\t" + line k one) (if isList v then v else [ v ]);
      # Sections within sections, each under its whole name; those with no
      # keys go away.
      flatten =
        path: v:
        if isSet v then
          lib.concatMap (n: flatten (path ++ [ n ]) v.${n}) (attrNames v)
        else if builtins.length path == 1 then
          [ { ${builtins.head path} = v; } ]
        else
          [ { ${lib.concatStringsSep "." (lib.init path)}.${lib.last path} = v; } ];
    in
    toINI { inherit mkKeyValue mkSectionName; } (lib.foldl lib.recursiveUpdate { } (flatten [ ] attrs));

  toJSON = { }: builtins.toJSON;
  toYAML = { }: builtins.toJSON;
  toDconfINI = toINI { mkKeyValue = mkKeyValueDefault { mkValueString = v: if isString v then "'${v}'" else mkValueStringDefault { } v; } "="; };

  toLua =
    {
      multiline ? true,
      indent ? "",
      asBindings ? false,
    }@args:
    v:
    let
      inner = "${indent}  ";
      nl = if multiline then "\n${inner}" else " ";
      close = if multiline then "\n${indent}" else " ";
      sub = toLua (args // { indent = inner; asBindings = false; });
      block = items: if items == [ ] then "{}" else "{${nl}${lib.concatStringsSep ",${nl}" items}${close}}";
    in
    if asBindings then
      lib.concatStrings (lib.mapAttrsToList (k: x: "${indent}${k} = ${toLua (removeAttrs args [ "asBindings" ]) x}\n") v)
    else if v == null then
      "nil"
    else if isInt v || isFloat v || isString v || isBool v then
      builtins.toJSON v
    else if lib.isPath v || lib.isDerivation v then
      builtins.toJSON "${v}"
    else if isList v then
      block (map sub v)
    else if v._type or "" == "lua-inline" then
      "(${v.expr})"
    else
      block (lib.mapAttrsToList (k: x: "[${builtins.toJSON k}] = ${sub x}") v);
  mkLuaInline = expr: {
    _type = "lua-inline";
    inherit expr;
  };

  toPlist =
    { escape ? false }:
    v:
    let
      text = if escape then lib.escapeXML else (s: s);
      go =
        ind: x:
        if x == null then
          ""
        else if isBool x then
          "${ind}<${lib.boolToString x}/>"
        else if isInt x then
          "${ind}<integer>${toString x}</integer>"
        else if isFloat x then
          "${ind}<real>${toString x}</real>"
        else if isString x || builtins.isPath x || lib.isDerivation x then
          "${ind}<string>${text (toString x)}</string>"
        else if isList x then
          "${ind}<array>\n${lib.concatMapStringsSep "\n" (go (ind + "\t")) x}\n${ind}</array>"
        else
          "${ind}<dict>\n${
            lib.concatStringsSep "\n" (
              lib.mapAttrsToList (k: y: "${ind}\t<key>${text k}</key>\n${go (ind + "\t") y}") (lib.filterAttrs (k: y: k != "_module" && y != null) x)
            )
          }\n${ind}</dict>";
    in
    lib.warnIf (!escape) "Using `lib.generators.toPlist` without `escape = true` is deprecated" ''
      <?xml version="1.0" encoding="UTF-8"?>
      <!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
      <plist version="1.0">
      ${go "" v}
      </plist>'';

  # Cuts a value at a depth, so that a message about a large one stays short.
  withRecursion =
    {
      depthLimit,
      throwOnDepthLimit ? true,
    }:
    value:
    let
      special = [ "__functor" "__functionArgs" "__toString" "__pretty" ];
      go =
        depth: v:
        if depth > depthLimit then
          (
            if throwOnDepthLimit then
              throw "Exceeded maximum eval-depth limit of ${toString depthLimit} while trying to evaluate with `generators.withRecursion'!"
            else
              {
                __pretty = _: "<unevaluated>";
                val = v;
              }
          )
        else if lib.isDerivation v then
          v
        else if isAttrs v then
          builtins.mapAttrs (n: x: if builtins.elem n special then x else go (depth + 1) x) v
        else if isList v then
          map (go (depth + 1)) v
        else
          v;
    in
    go 0 value;

  # A value as a person would write it.
  toPretty =
    {
      allowPrettyValues ? false,
      multiline ? true,
      indent ? "",
    }:
    value:
    let
      go =
        ind: v:
        let
          nl = if multiline then "\n${ind}  " else " ";
          end = if multiline then "\n${ind}" else " ";
        in
        if v == null then
          "null"
        else if isBool v then
          lib.boolToString v
        else if isInt v then
          toString v
        else if isFloat v then
          builtins.toJSON v
        else if isString v then
          let
            ls = lib.splitString "\n" v;
            esc = lib.replaceStrings [ "\${" "''" ] [ "''\${" "'''" ];
          in
          if multiline && builtins.length ls > 1 then
            "''${nl}" + lib.concatStringsSep nl (map esc (lib.init ls)) + (if lib.last ls == "" then end else nl + esc (lib.last ls)) + "''"
          else
            "\"" + lib.replaceStrings [ "\\" "\"" "\${" "\n" "\r" "\t" ] [ "\\\\" "\\\"" "\\\${" "\\n" "\\r" "\\t" ] v + "\""
        else if builtins.isPath v then
          toString v
        else if isList v then
          if v == [ ] then "[ ]" else "[" + nl + lib.concatMapStringsSep nl (go (ind + "  ")) v + end + "]"
        else if lib.isFunction v then
          let
            fargs = lib.functionArgs v;
            shown = lib.concatStringsSep ", " (lib.mapAttrsToList (n: opt: if opt then "${n}?" else n) fargs);
          in
          if fargs == { } then "<function>" else "<function, args: {${shown}}>"
        else if v ? __pretty && v ? val then
          v.__pretty v.val
        else if lib.isDerivation v then
          "<derivation ${v.name or "???"}>"
        else if v == { } then
          "{ }"
        else
          "{"
          + nl
          + lib.concatStringsSep nl (
            lib.mapAttrsToList (
              n: x:
              "${lib.strings.escapeNixIdentifier n} = ${
                builtins.addErrorContext "while evaluating an attribute `${n}`" (go (ind + "  ") x)
              };"
            ) v
          )
          + end
          + "}";
    in
    go indent value;
}
