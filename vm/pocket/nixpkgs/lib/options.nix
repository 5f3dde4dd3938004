# Options: declaring them, showing them in messages, and the ways in which
# several definitions become one value.
{ lib }:
let
  inherit (builtins) head length;
  typeOfValue = v: if builtins.isAttrs v then "a set" else "a ${builtins.typeOf v}";
in
rec {
  isOption = lib.types.isType "option";

  mkOption =
    {
      # What it is.
      type ? null,
      default ? null,
      apply ? null,
      # What is said of it.
      description ? null,
      defaultText ? null,
      example ? null,
      relatedPackages ? null,
      # Who sees and sets it.
      visible ? null,
      internal ? null,
      readOnly ? null,
    }@attrs:
    attrs // { _type = "option"; };

  mkEnableOption =
    name:
    mkOption {
      default = false;
      example = true;
      description = "Whether to enable ${name}.";
      type = lib.types.bool;
    };

  mkPackageOption =
    pkgs: name:
    {
      nullable ? false,
      default ? name,
      example ? null,
      extraDescription ? "",
      pkgsText ? "pkgs",
    }:
    let
      names = if builtins.isList name then name else [ name ];
      path = if default == null then null else lib.toList default;
    in
    mkOption (
      {
        description = "The ${lib.last names} package to use.${
          if extraDescription == "" then "" else " ${extraDescription}"
        }";
        type = if nullable then lib.types.nullOr lib.types.package else lib.types.package;
      }
      // lib.optionalAttrs (path != null) {
        default = lib.attrByPath path (throw "${lib.concatStringsSep "." path} cannot be found in ${pkgsText}") pkgs;
        defaultText = literalExpression "${pkgsText}.${lib.concatStringsSep "." path}";
      }
      // lib.optionalAttrs (nullable && path == null) { default = null; }
      // lib.optionalAttrs (example != null) {
        example = literalExpression (if builtins.isList example then "${pkgsText}.${lib.concatStringsSep "." example}" else example);
      }
    );

  mkSinkUndeclaredOptions =
    attrs:
    mkOption (
      {
        internal = true;
        visible = false;
        default = false;
        description = "Sink for option definitions.";
        type = lib.types.mkOptionType {
          name = "sink";
          check = _x: true;
          merge = _loc: _defs: false;
        };
        apply = _x: throw "Option value is not readable because the option is not declared.";
      }
      // attrs
    );

  # `merge` functions: they get the place of the option and `{ file; value; }`s.
  mergeDefaultOption =
    loc: defs:
    let
      values = getValues defs;
      first = head values;
    in
    if length values == 1 then
      first
    else if builtins.all builtins.isFunction values then
      x: mergeDefaultOption loc (map (d: d // { value = d.value x; }) defs)
    else if builtins.all builtins.isList values then
      lib.concatLists values
    else if builtins.all builtins.isAttrs values then
      builtins.foldl' lib.mergeAttrs { } values
    else if builtins.all builtins.isBool values then
      builtins.any (x: x) values
    else if builtins.all builtins.isString values then
      lib.concatStrings values
    else if builtins.all builtins.isInt values && builtins.all (x: x == first) values then
      first
    else
      throw "Cannot merge definitions of `${showOption loc}'. Definition values:${showDefs defs}";

  mergeUniqueOption =
    {
      message,
      merge ? null,
    }:
    loc: defs:
    if length defs == 1 then
      (if merge == null then (head defs).value else merge loc defs)
    else
      throw "The option `${showOption loc}' is defined multiple times while it's expected to be unique.\n${message}\nDefinition values:${showDefs defs}\n${prioritySuggestion}";
  mergeOneOption = mergeUniqueOption { message = ""; };

  mergeEqualOption =
    loc: defs:
    if defs == [ ] then
      abort "This case should never happen."
    else if length defs == 1 then
      (head defs).value
    else
      (builtins.foldl' (
        first: def:
        if def.value != first.value then
          throw "The option `${showOption loc}' has conflicting definition values:${
            showDefs [
              first
              def
            ]
          }\n${prioritySuggestion}"
        else
          first
      ) (head defs) (builtins.tail defs)).value;

  prioritySuggestion = "Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";

  getValues = map (d: d.value);
  getFiles = map (d: d.file);

  literalExpression =
    text:
    if !builtins.isString text then
      throw "literalExpression expects a string."
    else
      {
        _type = "literalExpression";
        inherit text;
      };
  literalMD =
    text:
    {
      _type = "literalMD";
      inherit text;
    };
  literalCode = _language: literalExpression;
  renderOptionValue = v: if v ? _type && v ? text then v else literalExpression (lib.generators.toPretty { } v);

  # a.b."c.d".<name>
  showOption =
    parts:
    lib.concatMapStringsSep "." (
      part:
      if builtins.elem part [ "*" "<name>" "<function body>" ] then
        part
      else
        lib.strings.escapeNixIdentifier part
    ) parts;
  showFiles = files: lib.concatMapStringsSep " and " (f: "`${f}'") files;

  # The lines "- In `file': value" that end most messages. A value that cannot
  # be shown leaves its place only; long ones are cut after five lines.
  showDefs =
    defs:
    lib.concatMapStrings (
      def:
      let
        shown = builtins.tryEval (
          lib.generators.toPretty { } (
            lib.generators.withRecursion {
              depthLimit = 10;
              throwOnDepthLimit = false;
            } def.value
          )
        );
        lines = lib.splitString "\n" shown.value;
        cut = lib.concatStringsSep "\n    " (lib.take 5 lines ++ lib.optional (length lines > 5) "...");
      in
      "\n- In `${def.file}'"
      + (
        if !shown.success then
          ""
        else if length lines > 1 then
          ":\n    ${cut}"
        else
          ": ${cut}"
      )
    ) defs;

  optionAttrSetToDocList =
    options:
    builtins.concatMap (
      opt:
      let
        visible = opt.visible or true;
        type = opt.type or { };
        hasDefault =
          opt ? defaultText || opt ? default || ((type.emptyValue or { }) ? value && type.getSubModules or null == null);
        sub = type.getSubOptions opt.loc;
      in
      [
        (
          {
            name = showOption opt.loc;
            inherit (opt) loc;
            description = opt.description or null;
            declarations = builtins.filter (f: f != unknownModule) opt.declarations;
            internal = opt.internal or false;
            visible = if builtins.isBool visible then visible else visible == "shallow";
            readOnly = opt.readOnly or false;
            type = type.description or "unspecified";
          }
          // lib.optionalAttrs (opt ? example) { example = renderOptionValue opt.example; }
          // lib.optionalAttrs hasDefault { default = renderOptionValue (opt.defaultText or opt.default or type.emptyValue.value); }
          // lib.optionalAttrs (opt.relatedPackages or null != null) { inherit (opt) relatedPackages; }
        )
      ]
      ++ lib.optionals ((if builtins.isBool visible then visible else visible == "transparent") && sub != { }) (
        optionAttrSetToDocList sub
      )
    ) (lib.collect isOption options);
  scrubOptionValue = x: x;
  unknownModule = "<unknown-file>";
  inherit typeOfValue;
}
