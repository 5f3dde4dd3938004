# The types of options: what a definition may be, how to describe it, and how
# several definitions become one value.
{ lib }:
let
  inherit (builtins)
    all
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isString
    length
    head
    ;
  inherit (lib) showOption showFiles;
  inherit (lib.options) showDefs mergeEqualOption mergeOneOption mergeUniqueOption mergeDefaultOption;

  # Descriptions are put together from smaller ones; brackets go where they
  # would otherwise be ambiguous.
  phrase = classes: t: if builtins.elem (t.descriptionClass or null) classes then t.description else "(${t.description})";
  noun = phrase [ "noun" ];
  nounOrComposite = phrase [ "noun" "composite" ];

  self = rec {
    isType = type: x: x._type or "" == type;
    setType = name: value: value // { _type = name; };
    isOptionType = isType "option-type";

    mkOptionType =
      {
        name,
        description ? null,
        descriptionClass ? null,
        check ? _x: true,
        merge ? mergeDefaultOption,
        emptyValue ? { },
        getSubOptions ? _prefix: { },
        getSubModules ? null,
        substSubModules ? _m: null,
        typeMerge ? defaultTypeMerge functor,
        functor ? {
          inherit name;
          type = null;
          payload = null;
          binOp = _a: _b: null;
        },
        deprecationMessage ? null,
        nestedTypes ? { },
        # Ours: the type tells itself what is wrong with definitions; see `v2`.
        headError ? null,
      }:
      {
        _type = "option-type";
        inherit
          name
          emptyValue
          getSubOptions
          getSubModules
          substSubModules
          typeMerge
          functor
          deprecationMessage
          nestedTypes
          descriptionClass
          ;
        description = if description == null then name else description;
        check = if headError == null then check else coherent check;
        merge = if headError == null then merge else v2 headError merge;
      };

    # Merging in the newer way gives the value and, beside it, what is wrong
    # with it: { headError = null or { message; }; value; valueMeta; }.
    # Such types are still called as functions by those who know no better.
    byV2 = v2: {
      __functor = self: loc: defs: (self.v2 { inherit loc defs; }).value;
      inherit v2;
    };
    v2 =
      headError: merge:
      byV2 (
        { loc, defs }:
        {
          headError = headError loc defs;
          value = merge loc defs;
          valueMeta = { };
        }
      );
    coherent = check: {
      __functor = _self: check;
      isV2MergeCoherent = true;
    };
    checkDefsForError =
      check: _loc: defs:
      let
        invalid = builtins.filter (d: !check d.value) defs;
      in
      if invalid == [ ] then null else { message = "Definition values: ${showDefs invalid}"; };
    checkedMerge =
      type: loc: defs:
      if !type.merge ? v2 then
        {
          headError = checkDefsForError type.check loc defs;
          value = type.merge loc defs;
          valueMeta = { };
        }
      else if type.check.isV2MergeCoherent or false then
        type.merge.v2 { inherit loc defs; }
      else
        throw (lib.concatStringsSep "\n" (checkOverridden loc type));

    # The lines of nixpkgs' message, which people look up.
    checkOverridden = loc: type: [
      "The option `${showOption loc}' has a type `${type.description}' that uses"
      "an ad-hoc `type // { check = ...; }' override, which is incompatible with"
      "the v2 merge mechanism."
      ""
      "Please use `lib.types.addCheck` instead of `type // { check }' to add"
      "custom validation. For example:"
      ""
      "  lib.types.addCheck baseType (value: /* your check */)"
      ""
      "instead of:"
      ""
      "  baseType // { check = value: /* your check */; }"
      ""
      "Alternatively, this message may also occur as false positive when mixing Nixpkgs"
      "versions, if one Nixpkgs is between 83fed2e6..58696117 (Aug 28 - Oct 28 2025)"
      ""
    ];

    defaultFunctor = name: {
      inherit name;
      type = self.${name} or null;
      wrapped = null;
      payload = null;
      binOp = _a: _b: null;
    };

    # Two declarations of one option agree when their types have one name and,
    # for types with a payload, when the payloads can be joined.
    defaultTypeMerge =
      f: f':
      if f.name != f'.name then
        null
      else if f.payload == null && f'.payload == null then
        f.type or null
      else if f.payload != null && f'.payload != null then
        let
          joined = f.binOp f.payload f'.payload;
        in
        if joined == null then null else f.type joined
      else
        null;

    simple =
      args:
      let
        t = mkOptionType (
          args
          // {
            functor = {
              inherit (args) name;
              type = t;
              payload = null;
              binOp = _a: _b: null;
            };
          }
        );
      in
      t;

    raw = simple {
      name = "raw";
      description = "raw value";
      descriptionClass = "noun";
      merge = mergeOneOption;
    };
    unspecified = simple {
      name = "unspecified";
      description = "unspecified value";
      descriptionClass = "noun";
    };
    anything = simple {
      name = "anything";
      description = "anything";
      descriptionClass = "noun";
      merge = mergeAnything;
    };
    mergeAnything =
      loc: defs:
      let
        kind = d: if isAttrs d.value && lib.isStringLike d.value then "stringCoercibleSet" else builtins.typeOf d.value;
        kinds = lib.unique (map kind defs);
        by = {
          set = loc: defs: (attrsOf anything).merge loc defs;
          list = loc: defs: if length defs > 1 then mergeEqualOption loc defs else (listOf anything).merge loc defs;
          lambda = loc: defs: arg: anything.merge (loc ++ [ "<function body>" ]) (map (d: d // { value = d.value arg; }) defs);
        };
      in
      if length kinds > 1 then
        throw "The option `${showOption loc}' has conflicting option types in ${showFiles (lib.options.getFiles defs)}"
      else
        (by.${head kinds} or mergeEqualOption) loc defs;

    bool = simple {
      name = "bool";
      description = "boolean";
      descriptionClass = "noun";
      check = isBool;
      merge = mergeEqualOption;
    };
    boolByOr = bool // { merge = _loc: defs: lib.any (d: d.value) defs; };
    int = simple {
      name = "int";
      description = "signed integer";
      descriptionClass = "noun";
      check = isInt;
      merge = mergeEqualOption;
    };
    float = simple {
      name = "float";
      description = "floating point number";
      descriptionClass = "noun";
      check = isFloat;
      merge = mergeEqualOption;
    };
    number = either int float;
    numbers = {
      between = lo: hi: (addCheck number (x: x >= lo && x <= hi)) // { name = "numberBetween"; description = "integer or floating point number between ${toString lo} and ${toString hi} (both inclusive)"; };
      nonnegative = (addCheck number (x: x >= 0)) // { name = "numberNonnegative"; description = "nonnegative integer or floating point number, meaning >=0"; };
      positive = (addCheck number (x: x > 0)) // { name = "numberPositive"; description = "positive integer or floating point number, meaning >0"; };
    };
    ints =
      let
        between =
          lo: hi:
          (addCheck int (x: x >= lo && x <= hi))
          // {
            name = "intBetween";
            description = "integer between ${toString lo} and ${toString hi} (both inclusive)";
          };
        unsignedOf = bits: lo: hi: (between lo hi) // { name = "unsignedInt${toString bits}"; description = "${toString bits} bit unsigned integer; between ${toString lo} and ${toString hi} (both inclusive)"; };
        signedOf = bits: lo: hi: (between lo hi) // { name = "signedInt${toString bits}"; description = "${toString bits} bit signed integer; between ${toString lo} and ${toString hi} (both inclusive)"; };
      in
      {
        inherit between;
        positive = (addCheck int (x: x > 0)) // {
          name = "positiveInt";
          description = "positive integer, meaning >0";
          descriptionClass = "nonRestrictiveClause";
        };
        unsigned = (addCheck int (x: x >= 0)) // {
          name = "unsignedInt";
          description = "unsigned integer, meaning >=0";
          descriptionClass = "nonRestrictiveClause";
        };
        u8 = unsignedOf 8 0 255;
        u16 = unsignedOf 16 0 65535;
        u32 = unsignedOf 32 0 4294967295;
        s8 = signedOf 8 (-128) 127;
        s16 = signedOf 16 (-32768) 32767;
        s32 = signedOf 32 (-2147483648) 2147483647;
      };
    port = ints.u16;

    str = simple {
      name = "str";
      description = "string";
      descriptionClass = "noun";
      check = isString;
      merge = mergeEqualOption;
    };
    nonEmptyStr = (addCheck str (x: builtins.match "[ \t\n]*" x == null)) // {
      name = "nonEmptyStr";
      description = "non-empty string";
    };
    singleLineStr =
      let
        base = addCheck str (x: builtins.match "[^\n\r]*\n?" x != null);
      in
      base
      // {
        name = "singleLineStr";
        description = "(optionally newline-terminated) single-line string";
        merge = loc: defs: lib.removeSuffix "\n" (mergeEqualOption loc defs);
      };
    strMatching =
      pattern:
      simple {
        name = "strMatching ${lib.strings.escapeNixString pattern}";
        description = "string matching the pattern ${pattern}";
        descriptionClass = "noun";
        check = x: isString x && builtins.match pattern x != null;
        merge = mergeEqualOption;
      };
    separatedString =
      sep:
      simple {
        name = "separatedString";
        description = if sep == "" then "Concatenated string" else "strings concatenated with ${builtins.toJSON sep}";
        descriptionClass = "noun";
        check = isString;
        merge = _loc: defs: lib.concatStringsSep sep (map (d: d.value) defs);
      };
    lines = separatedString "\n";
    commas = separatedString ",";
    envVar = separatedString ":";

    passwdEntry =
      entryType:
      (addCheck entryType (x: !(lib.hasInfix ":" x || lib.hasInfix "\n" x)))
      // {
        name = "passwdEntry ${entryType.name}";
        description = "${noun entryType}, not containing newlines or colons";
      };
    attrs = simple {
      name = "attrs";
      description = "attribute set";
      check = isAttrs;
      merge = _loc: defs: builtins.foldl' (acc: d: acc // d.value) { } defs;
      emptyValue.value = { };
    };
    package = simple {
      name = "package";
      descriptionClass = "noun";
      check = x: lib.isDerivation x || lib.isStorePath x;
      merge =
        loc: defs:
        let
          res = mergeOneOption loc defs;
        in
        if builtins.isPath res || (isString res && !builtins.hasContext res) then lib.toDerivation res else res;
    };
    shellPackage = package // { check = x: lib.isDerivation x && x ? shellPath; };
    pkgs = addCheck (raw // { name = "pkgs"; description = "Nixpkgs package set"; }) (x: x._type or null == "pkgs");
    path = simple {
      name = "path";
      description = "absolute path";
      descriptionClass = "noun";
      check = x: lib.isStringLike x && builtins.substring 0 1 (toString x) == "/";
      merge = mergeEqualOption;
    };
    pathInStore = path // {
      name = "pathInStore";
      description = "path in the Nix store";
      check = x: lib.isStringLike x && builtins.match "${builtins.storeDir}/[^.].*" (toString x) != null;
    };
    externalPath = path // { name = "externalPath"; description = "absolute path not in the Nix store"; };
    pathWith = { inStore ? null, absolute ? null }: path;
    fileset = raw;
    luaInline = simple {
      name = "luaInline";
      description = "inline lua";
      descriptionClass = "noun";
      check = x: x._type or null == "lua-inline";
      merge = mergeEqualOption;
    };
    # Values that a data format can hold: scalars, lists and sets, nested as deep as wanted.
    serializableValueWith =
      { typeName, nullable ? true }:
      let
        base = oneOf [ bool int float str path (attrsOf any) (listOf any) ];
        any = (if nullable then nullOr base else base) // { description = "${typeName} value"; };
      in
      any;
    json = serializableValueWith { typeName = "JSON"; };
    toml = serializableValueWith { typeName = "TOML"; nullable = false; };

    listOf =
      elemType:
      composed {
        name = "listOf";
        description = "list of ${nounOrComposite elemType}";
        inherit elemType;
        rebuild = listOf;
        check = isList;
        headError = checkDefsForError isList;
        merge =
          loc: defs:
          builtins.concatLists (
            lib.imap1 (
              n: def:
              builtins.concatLists (
                lib.imap1 (
                  m: value:
                  let
                    r = lib.mergeDefinitions (loc ++ [ "[definition ${toString n}-entry ${toString m}]" ]) elemType [ { inherit (def) file; inherit value; } ];
                  in
                  lib.optional r.isDefined r.mergedValue
                ) def.value
              )
            ) defs
          );
        emptyValue.value = [ ];
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
      };
    nonEmptyListOf = elemType: let list = addCheck (listOf elemType) (l: l != [ ]); in list // { description = "non-empty ${noun list}"; emptyValue = { }; substSubModules = m: nonEmptyListOf (elemType.substSubModules m); };

    attrsOf = elemType: attrsOfWith "attrsOf" "attribute set of" false elemType;
    lazyAttrsOf = elemType: attrsOfWith "lazyAttrsOf" "lazy attribute set of" true elemType;
    attrsWith = { elemType, lazy ? false, placeholder ? "name" }: if lazy then lazyAttrsOf elemType else attrsOf elemType;
    attrsOfWith =
      name: words: lazy: elemType:
      composed {
        inherit name elemType;
        description = "${words} ${nounOrComposite elemType}";
        rebuild = if lazy then lazyAttrsOf else attrsOf;
        check = isAttrs;
        headError = checkDefsForError isAttrs;
        merge =
          loc: defs:
          let
            pushed = builtins.concatMap (d: map (value: { inherit (d) file; inherit value; }) (lib.modules.pushDown d.value)) defs;
            merged = builtins.zipAttrsWith (n: ds: lib.mergeDefinitions (loc ++ [ n ]) elemType ds) (
              map (d: builtins.mapAttrs (_: value: { inherit (d) file; inherit value; }) d.value) pushed
            );
          in
          if lazy then
            builtins.mapAttrs (_: r: if r.isDefined then r.mergedValue else elemType.emptyValue.value or r.mergedValue) merged
          else
            builtins.mapAttrs (_: r: r.mergedValue) (lib.filterAttrs (_: r: r.isDefined) merged);
        emptyValue.value = { };
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<name>" ]);
      };
    loaOf = attrsOf;

    # A type around another one.
    composed =
      {
        name,
        description,
        elemType,
        rebuild,
        check,
        merge,
        emptyValue ? { },
        getSubOptions ? _prefix: { },
        headError ? null,
      }:
      mkOptionType {
        inherit name description check merge emptyValue getSubOptions headError;
        descriptionClass = "composite";
        getSubModules = elemType.getSubModules;
        substSubModules = m: rebuild (elemType.substSubModules m);
        nestedTypes.elemType = elemType;
        functor = {
          inherit name;
          payload = elemType;
          type = rebuild;
          binOp = a: b: a.typeMerge b.functor;
        };
      };

    nullOr =
      elemType:
      composed {
        name = "nullOr";
        description = "null or ${phrase [ "noun" "conjunction" ] elemType}";
        inherit elemType;
        rebuild = nullOr;
        check = x: x == null || elemType.check x;
        merge =
          loc: defs:
          let
            nulls = lib.count (d: d.value == null) defs;
          in
          if nulls == length defs then
            null
          else if nulls != 0 then
            throw "The option `${showOption loc}` is defined both null and not null, in ${showFiles (lib.options.getFiles defs)}."
          else
            elemType.merge loc defs;
        emptyValue.value = null;
        getSubOptions = elemType.getSubOptions;
      } // { descriptionClass = "conjunction"; };
    uniq = unique { message = ""; };
    unique =
      { message }:
      type:
      composed {
        name = "unique";
        inherit (type) description check emptyValue getSubOptions;
        elemType = type;
        rebuild = unique { inherit message; };
        merge = mergeUniqueOption {
          inherit message;
          inherit (type) merge;
        };
      };
    functionTo =
      elemType:
      composed {
        name = "functionTo";
        description = "function that evaluates to a(n) ${elemType.description}";
        inherit elemType;
        rebuild = functionTo;
        check = lib.isFunction;
        merge =
          loc: defs: args:
          (lib.mergeDefinitions (loc ++ [ "<function body>" ]) elemType (
            map (d: d // { value = d.value args; }) defs
          )).mergedValue;
      };

    enum =
      values:
      let
        show = v: if isString v then ''"${v}"'' else if isInt v then toString v else if isBool v then lib.boolToString v else ''<${builtins.typeOf v}>'';
      in
      mkOptionType {
        name = "enum";
        description =
          if values == [ ] then
            "impossible (empty enum)"
          else if length values == 1 then
            "value ${show (head values)} (singular enum)"
          else
            "one of ${lib.concatMapStringsSep ", " show values}";
        descriptionClass = if length values < 2 then "noun" else "conjunction";
        check = x: builtins.elem x values;
        merge = mergeEqualOption;
        functor = {
          name = "enum";
          payload = values;
          type = enum;
          binOp = a: b: lib.unique (a ++ b);
        };
      };
    either =
      a: b:
      mkOptionType {
        name = "either";
        description =
          if a.descriptionClass or null == "nonRestrictiveClause" then
            "${a.description}, or ${phrase [ "noun" "conjunction" "composite" ] b}"
          else
            "${phrase [ "noun" "conjunction" ] a} or ${phrase [ "noun" "conjunction" "composite" ] b}";
        descriptionClass = "conjunction";
        check = coherent (x: a.check x || b.check x);
        merge = byV2 (
          { loc, defs }:
          let
            left = checkedMerge a loc defs;
            right = checkedMerge b loc defs;
            message = "The option `${showOption loc}` is neither a value of type `${a.description}` nor `${b.description}`, Definition values: ${showDefs defs}";
          in
          if left.headError == null then
            left
          else if right.headError == null then
            right
          else
            {
              headError = { inherit message; };
              valueMeta = { };
              value = lib.warn ''
                One or more definitions did not pass the type-check of the 'either' type.
                ${message}
                If `either`, `oneOf` or similar is used in freeformType, ensure that it is preceded by an 'attrsOf' such as: `freeformType = types.attrsOf (types.either t1 t2)`.
                Otherwise consider using the correct type for the option `${showOption loc}`.  This will be an error in Nixpkgs 26.05.
              '' (mergeOneOption loc defs);
            }
        );
        nestedTypes = { left = a; right = b; };
        functor = {
          name = "either";
          payload = [ a b ];
          type = p: either (head p) (lib.last p);
          binOp =
            p: q:
            let
              l = (head p).typeMerge (head q).functor;
              r = (lib.last p).typeMerge (lib.last q).functor;
            in
            if l == null || r == null then null else [ l r ];
        };
      };
    oneOf = ts: builtins.foldl' either (head ts) (builtins.tail ts);
    coercedTo =
      coercedType: coerceFunc: finalType:
      let
        check = x: (coercedType.check x && finalType.check (coerceFunc x)) || finalType.check x;
      in
      mkOptionType {
        name = "coercedTo";
        description = "${noun finalType} or ${noun coercedType} convertible to it";
        check = coherent check;
        merge = byV2 (
          { loc, defs }:
          let
            coerce = d: if (checkedMerge coercedType loc [ d ]).headError == null then d // { value = coerceFunc d.value; } else d;
            coerced = map coerce defs;
          in
          if finalType.merge ? v2 then
            checkedMerge finalType loc coerced
          else
            {
              headError = checkDefsForError check loc defs;
              value = finalType.merge loc coerced;
              valueMeta = { };
            }
        );
        inherit (finalType) emptyValue getSubOptions getSubModules;
        substSubModules = m: coercedTo coercedType coerceFunc (finalType.substSubModules m);
        typeMerge = _t: null;
        nestedTypes = { inherit coercedType finalType; };
      };
    addCheck =
      type: check:
      let
        both = x: type.check x && check x;
      in
      if type.merge ? v2 then
        type
        // {
          check = coherent both;
          merge = byV2 (
            { loc, defs }:
            let
              inner = checkedMerge type loc defs;
            in
            inner // { headError = if inner.headError != null then inner.headError else checkDefsForError check loc defs; }
          );
        }
      else
        type // { check = both; };

    optionType = simple {
      name = "optionType";
      description = "optionType";
      descriptionClass = "noun";
      check = x: x._type or null == "option-type";
      merge =
        loc: defs:
        if length defs == 1 then
          (head defs).value
        else
          (lib.modules.mergeDeclarations loc (map (d: { inherit (d) file; options = lib.mkOption { type = d.value; }; }) defs)).type;
    };
    deferredModule = deferredModuleWith { };
    deferredModuleWith = { staticModules ? [ ] }: simple {
      name = "deferredModule";
      description = "module";
      descriptionClass = "noun";
      check = x: isAttrs x || lib.isFunction x || path.check x;
      merge = loc: defs: { imports = staticModules ++ map (d: lib.setDefaultModuleLocation "${d.file}, via option ${showOption loc}" d.value) defs; };
    };

    submodule =
      modules:
      submoduleWith {
        shorthandOnlyDefinesConfig = true;
        modules = lib.toList modules;
      };
    submoduleWith =
      args@{
        modules,
        specialArgs ? { },
        shorthandOnlyDefinesConfig ? false,
        description ? null,
        class ? null,
      }:
      let
        asModule =
          def:
          if isAttrs def.value && shorthandOnlyDefinesConfig != false && shorthandOnlyDefinesConfig != null then
            {
              _file = def.file;
              config = def.value;
            }
          else
            lib.setDefaultModuleLocation def.file def.value;
        check = x: isAttrs x || lib.isFunction x || path.check x;
        evalAt = loc: extra: lib.evalModules {
          inherit specialArgs class;
          prefix = loc;
          modules = extra ++ modules;
        };
        nameModule = loc: { _module.args.name = lib.mkOptionDefault (if loc == [ ] then "‹name›" else lib.last loc); };
      in
      mkOptionType {
        name = "submodule";
        description = if description != null then description else "submodule";
        inherit check;
        headError = checkDefsForError check;
        merge =
          loc: defs:
          let
            res = evalAt loc ([ (nameModule loc) ] ++ map asModule defs);
          in
          res.config;
        emptyValue.value = (evalAt [ ] [ (nameModule [ ]) ]).config;
        getSubOptions = prefix: removeAttrs (evalAt prefix [ (nameModule prefix) ]).options [ "_module" ];
        getSubModules = modules;
        substSubModules = m: submoduleWith (args // { modules = m; });
        nestedTypes = { };
        functor = {
          name = "submodule";
          type = submoduleWith;
          payload = { inherit modules specialArgs shorthandOnlyDefinesConfig description class; };
          binOp = a: b: {
            modules = a.modules ++ b.modules;
            specialArgs = a.specialArgs // b.specialArgs;
            shorthandOnlyDefinesConfig = if a.shorthandOnlyDefinesConfig == null then b.shorthandOnlyDefinesConfig else a.shorthandOnlyDefinesConfig;
            description = if a.description == null then b.description else a.description;
            class = if a.class == null then b.class else a.class;
          };
        };
      };
    attrTag =
      tags:
      mkOptionType {
        name = "attrTag";
        description = "attribute-tagged union with choices: ${lib.concatStringsSep ", " (builtins.attrNames tags)}";
        check = x: isAttrs x && length (builtins.attrNames x) == 1 && tags ? ${head (builtins.attrNames x)};
        merge =
          loc: defs:
          let
            tag = head (builtins.attrNames (head defs).value);
          in
          { ${tag} = (lib.mergeDefinitions (loc ++ [ tag ]) tags.${tag}.type (map (d: d // { value = d.value.${tag}; }) defs)).mergedValue; };
      };
    types = self;
  };
in
self
