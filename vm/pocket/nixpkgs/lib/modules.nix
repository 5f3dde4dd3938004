# The module system: many modules in, one configuration out.
#
# Three steps. `collectModules` follows imports and calls module functions. `mergeTree`
# walks the tree of declared options and gives every option the definitions
# made for it. `evalOption` turns the definitions of one option into its value.
# Everything is lazy: an option nobody reads costs nothing.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    filter
    head
    isAttrs
    isList
    length
    mapAttrs
    zipAttrsWith
    ;
  inherit (lib) showOption showFiles isOption optionals;
  inherit (lib.options) showDefs;
  inherit (lib.strings) levenshtein levenshteinAtMost;
in
rec {
  defaultOverridePriority = 100;
  defaultOrderPriority = 1000;

  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  mkImageMediaOverride = mkOverride 60;
  mkForce = mkOverride 50;
  mkVMOverride = mkOverride 10;
  mkForceOverride = mkForce;
  mkFixStrictness = x: x;
  mkStrict = x: x;
  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;
  mkAssert =
    assertion: message: content:
    mkIf (if assertion then true else throw "\nFailed assertion: ${message}") content;
  mkDefinition = def: def // { _type = "definition"; };
  mkAliasDefinitions = mkAliasAndWrapDefinitions (x: x);
  mkAliasAndWrapDefinitions = wrap: option: mkAliasIfDef option (wrap (mkMerge option.definitions));
  mkAliasAndWrapDefsWithPriority =
    wrap: option:
    mkAliasIfDef option (wrap (mkMerge (map (mkOverride (option.highestPrio or defaultOverridePriority)) option.definitions)));
  mkAliasIfDef = option: mkIf (isOption option && option.isDefined);
  mkDerivedConfig = opt: f: mkOverride (opt.highestPrio or defaultOverridePriority) (f opt.value);

  # ---- collecting ---------------------------------------------------------

  importApply = file: args: setDefaultModuleLocation file (import file args);
  setDefaultModuleLocation = file: m: {
    _file = file;
    imports = [ m ];
  };
  defaultTypeMerge = lib.types.defaultTypeMerge;

  # A module as written -> { _file; key; imports; disabledModules; options; config; }
  unify =
    file: key: m:
    if m ? config || m ? options then
      let
        bad = removeAttrs m [ "_class" "_file" "key" "disabledModules" "imports" "options" "config" "meta" "freeformType" ];
        names = attrNames bad;
      in
      if names != [ ] then
        throw "Module `${key}' has an unsupported attribute `${head names}'. This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: ${lib.concatStringsSep " " names}) into the explicit `config' attribute."
      else
        {
          _file = toString m._file or file;
          _class = m._class or null;
          key = toString m.key or key;
          disabledModules = m.disabledModules or [ ];
          imports = m.imports or [ ];
          options = m.options or { };
          config = withExtras m (m.config or { });
        }
    else
      lib.throwIfNot (isAttrs m) "module ${file} (${key}) does not look like a module." {
        _file = toString m._file or file;
        _class = m._class or null;
        key = toString m.key or key;
        disabledModules = m.disabledModules or [ ];
        imports = (m.require or [ ]) ++ (m.imports or [ ]);
        options = { };
        config = withExtras m (removeAttrs m [ "_class" "_file" "key" "disabledModules" "require" "imports" "freeformType" "meta" ]);
      };
  withExtras =
    m: config:
    let
      extras =
        optionals (m ? freeformType) [ { _module.freeformType = m.freeformType; } ]
        ++ optionals (m ? meta && builtins.isAttrs m.meta) [ { inherit (m) meta; } ];
    in
    if extras == [ ] then config else mkMerge ([ config ] ++ extras);

  applyModuleArgs =
    key: f: args: config:
    let
      fromConfig = mapAttrs (
        name: _:
        builtins.addErrorContext "while evaluating the module argument `${name}' in \"${key}\":" (
          args.${name} or config._module.args.${name}
        )
      ) (lib.functionArgs f);
    in
    f (args // fromConfig);

  # Follows imports from `modules`; a file imported twice counts once.
  collectModules =
    {
      modules,
      args,
      config,
      modulesPath,
      class,
    }:
    let
      load =
        parentFile: parentKey: n: m:
        let
          key = "${parentKey}:anon-${toString n}";
          path = toString m;
          call = key: f: if lib.isFunction f then applyModuleArgs key f args config else f;
          unified =
            if lib.isFunction m then
              unify parentFile key (applyModuleArgs key m args config)
            else if isAttrs m then
              if m._type or "module" == "module" then
                unify parentFile key m
              else if m._type == "if" || m._type == "override" then
                unify parentFile key { config = m; }
              else
                throw (notAModule parentFile class args._prefix m._type)
            else if isList m then
              throw "Module imports can't be nested lists. Perhaps you meant to remove one level of lists? Definitions: ${showDefs [ { file = parentFile; value = m; } ]}"
            else
              unify path path (call path (import m));
          checked =
            if class != null && unified._class != null && unified._class != class then
              let
                has = lib.strings.escapeNixString unified._class;
                wants = lib.strings.escapeNixString class;
              in
              throw ''
                The module `${unified._file}` (class: ${has}) cannot be imported into a module evaluation that expects class ${wants}.

                Help:
                - Ensure that you are importing the correct module.
                - Verify that the module's `_class`, ${has} matches the expected `class` ${wants}.
                - If you are using a custom class, make sure it is correctly defined and used consistently across your modules.
              ''
            else
              unified;
        in
        {
          key = checked.key;
          module = checked;
          children = lib.imap1 (load checked._file checked.key) checked.imports;
        };
      closure = builtins.genericClosure {
        startSet = lib.imap1 (load unknown "") modules;
        operator = item: item.children;
      };
      disabledKey =
        file: d:
        if builtins.isString d then
          (if lib.hasPrefix "/" d then d else toString modulesPath + "/" + d)
        else if lib.strings.isConvertibleWithToString d then
          toString d
        else if isAttrs d then
          d.key or (throw "Module `${file}` contains a disabledModules item that is an attribute set, presumably a module, that does not have a `key` attribute. This means that the module system doesn't have any means to identify the module that should be disabled. Make sure that you've put the correct value in disabledModules: a string path relative to modulesPath, a path value, or an attribute set with a `key` attribute.")
        else
          throw "Each disabledModules item must be a path, string, or a attribute set with a key attribute, or a value supported by toString. However, one of the disabledModules items in `${file}` is none of that, but is of type ${builtins.typeOf d}.";
      disabled = concatMap (c: map (disabledKey c.module._file) c.module.disabledModules) closure;
      # What only a disabled module imports is gone too.
      reachable = builtins.genericClosure {
        startSet = filter (c: !builtins.elem c.key disabled) (lib.imap1 (load unknown "") modules);
        operator = item: filter (c: !builtins.elem c.key disabled) item.children;
      };
    in
    map (c: c.module) (if disabled == [ ] then closure else reachable);
  unknown = "<unknown-file>";

  # A flake, a whole configuration or an option among the imports; nixpkgs
  # writes this one in colours.
  notAModule =
    file: class: prefix: type:
    let
      paint = colour: text: builtins.fromJSON ''"\u001b[${colour}m"'' + text + builtins.fromJSON ''"\u001b[0m"'';
      warn = paint "1;35";
      good = paint "1;32";
      code = paint "1";
      perClass = {
        nixos = ".nixosModules.default";
        darwin = ".darwinModules.default";
      };
      more = {
        configuration = ''
          If you really mean to import this configuration, instead please only import the modules that make up the configuration.
          You may have to create a `let` binding, file or attribute to give yourself access to the relevant modules.
          While loading a configuration into the module system is a very sensible idea, it can not be done cleanly in practice.'';
        flake =
          ''
            Perhaps you forgot to select an attribute name?
            Instead of, for example,
                ${warn "inputs.someflake"}
            you need to write something like
                ${warn "inputs.someflake"}${good ".modules.${if class == null then "someApp" else class}.default"}''
          + lib.optionalString (class != null && perClass ? ${class})
            "\nor\n    ${warn "inputs.someflake"}${good perClass.${class}}";
      };
    in
    ''
      Expected a module, but found a value of type ${warn (lib.strings.escapeNixString type)}${
        lib.optionalString (file != unknown) ", while trying to load a module into ${file}"
      }${lib.optionalString (prefix != [ ]) ", while trying to load a module into ${code (showOption prefix)}"}.
      A module is typically loaded by adding it to the ${code "imports = [ ... ];"} attribute of an existing module, or in the ${code "modules = [ ... ];"} argument of various functions.
      Please make sure that each of the list items is a module, and not a different kind of value.''
    + lib.optionalString (more ? ${type}) "\n\n${more.${type}}";

  # ---- evaluating ---------------------------------------------------------

  evalModules =
    evalArgs@{
      modules,
      prefix ? [ ],
      specialArgs ? { },
      class ? null,
      args ? { },
      check ? true,
    }:
    let
      internal = {
        _file = "lib/modules.nix";
        key = "lib/modules.nix";
        options._module = {
          args = lib.mkOption {
            type = lib.types.lazyAttrsOf lib.types.raw;
            internal = prefix != [ ];
            description = "Additional arguments passed to each module.";
          };
          check = lib.mkOption {
            type = lib.types.bool;
            internal = true;
            default = check;
            description = "Whether to check whether all option definitions have matching declarations.";
          };
          freeformType = lib.mkOption {
            type = lib.types.nullOr lib.types.optionType;
            internal = true;
            default = null;
            description = "The type of definitions that have no option.";
          };
          specialArgs = lib.mkOption {
            readOnly = true;
            internal = true;
            description = "Externally provided module arguments that can't be modified from within a configuration.";
          };
        };
        config._module = {
          args = args // {
            inherit extendModules;
            moduleType = type;
          };
          inherit specialArgs;
        };
      };

      collected = collectModules {
        modules = modules ++ [ internal ];
        args = { inherit lib options specialArgs config; _class = class; _prefix = prefix; } // specialArgs;
        inherit config class;
        modulesPath = specialArgs.modulesPath or "";
      };

      lastFirst = lib.reverseList collected;
      merged = mergeTree prefix (map (m: { file = m._file; inherit (m) options; }) lastFirst) (
        concatMap (m: map (value: { file = m._file; inherit value; }) (pushDown m.config)) lastFirst
      );
      options = merged.options;

      freeform = merged.config._module.freeformType;
      declared = removeAttrs merged.config [ "_module" ];
      wholeConfig =
        if freeform == null || merged.unmatched == [ ] then
          merged.config
        else
          lib.recursiveUpdateUntil (_path: _l: r: !(isAttrs r) || lib.isDerivation r) (
            freeform.merge prefix (map (d: { inherit (d) file; value = lib.setAttrByPath d.path d.value; }) merged.unmatched)
          ) declared
          // { inherit (merged.config) _module; };

      checkUnmatched =
        if merged.config._module.check && freeform == null && merged.unmatched != [ ] then
          throw (
            unmatchedMessage prefix unmatched options
            # Modules may know more of an option that is not declared.
            + (merged.config._module.args.unknownOptionHint or (_: "")) unmatched.path
          )
        else
          null;
      # A namespace of which nothing is declared is not what somebody wrote: the
      # first option below it is.
      unmatched =
        let
          def = head merged.unmatched;
          isNamespace = builtins.elem def.path (map lib.singleton (merged.config._module.args.namespaces or [ ]));
          names = if isNamespace && isAttrs def.value && !(def.value ? _type) then attrNames def.value else [ ];
        in
        if names == [ ] then def else def // { path = def.path ++ [ (head names) ]; value = def.value.${head names}; };
      # Modules see the configuration unchecked: a check that reads all
      # definitions from inside one of them would never end.
      config = wholeConfig;

      extendModules =
        {
          modules ? [ ],
          specialArgs ? { },
          prefix ? [ ],
        }:
        evalModules (
          evalArgs
          // {
            modules = evalArgs.modules ++ modules;
            specialArgs = (evalArgs.specialArgs or { }) // specialArgs;
            prefix = if prefix == [ ] then evalArgs.prefix or [ ] else prefix;
          }
        );
      type = lib.types.submoduleWith { inherit modules specialArgs class; };
    in
    {
      _type = "configuration";
      inherit extendModules class type;
      options = builtins.seq checkUnmatched options;
      config = builtins.seq checkUnmatched (removeAttrs config [ "_module" ]);
      _module = merged.config._module;
    };

  unmatchedMessage =
    prefix: def: options:
    let
      path = showOption (prefix ++ def.path);
      start = "The option `${path}' does not exist. Definition values:${showDefs [ def ]}";
      parent = lib.init def.path;
      all = attrNames (lib.attrByPath parent { } options);
      siblings = if parent == [ ] then lib.remove "_module" all else all;
      wrong = lib.last def.path;
      # Among few names the nearest are named however far they are.
      near = if length siblings < 100 then siblings else filter (levenshteinAtMost 2 wrong) siblings;
      quoted = map (s: "`${showOption (prefix ++ parent ++ [ s ])}'") (lib.take 3 (lib.sortOn (levenshtein wrong) near));
      didYouMean =
        if quoted == [ ] then
          ""
        else if length quoted == 1 then
          "\n\nDid you mean ${head quoted}?"
        else
          "\n\nDid you mean ${lib.concatStringsSep ", " (lib.init quoted)} or ${lib.last quoted}?";
    in
    if attrNames options != [ "_module" ] then
      start + didYouMean
    else if prefix == [ ] then
      ''
        ${start}${didYouMean}

        It seems as if you're trying to declare an option by placing it into `config' rather than `options'!
      ''
    else
      ''
        ${start}${didYouMean}

        However there are no options defined in `${showOption prefix}'. Are you sure you've
        declared your options properly? This can happen if you e.g. declared your options in `types.submodule'
        under `config' rather than `options'.
      '';

  # One level of the option tree.
  # decls: [{ file; options; }]   defs: [{ file; value; }] with plain sets as values
  mergeTree =
    loc: decls: defs:
    let
      declsOf = zipAttrsWith (_: ds: ds) (
        map (
          d:
          if !isAttrs d.options then
            throw ''
              An option declaration for `${lib.concatStringsSep "." loc}' has type
              `${builtins.typeOf d.options}' rather than an attribute set.
              Did you mean to define this outside of `options'?
            ''
          else
            mapAttrs (n: options: { inherit (d) file; inherit options; pos = builtins.unsafeGetAttrPos n d.options; }) d.options
        ) decls
      );
      defsOf = zipAttrsWith (_: lib.concatLists) (
        map (
          d:
          if !isAttrs d.value then
            let
              path = lib.concatStringsSep "." loc;
            in
            throw ''
              In module `${d.file}', you're trying to define a value of type `${builtins.typeOf d.value}'
              rather than an attribute set for the option
              `${path}'!

              This usually happens if `${path}' has option
              definitions inside that are not matched. Please check how to properly define
              this option by e.g. referring to `man 5 configuration.nix'!
            ''
          else
            mapAttrs (_: value: [ { inherit (d) file; inherit value; } ]) d.value
        ) defs
      );
      # Options declared below an option that is a submodule are options of it.
      asSubmodule =
        d:
        if isOption d.options then
          d
        else
          d
          // {
            options = lib.mkOption {
              type = lib.types.submoduleWith {
                modules = [ { inherit (d) options; } ];
                shorthandOnlyDefinesConfig = null;
              };
            };
          };
      nodes = mapAttrs (
        name: here:
        let
          loc' = loc ++ [ name ];
          leaves = filter (d: d.options ? _type && (isOption d.options || noDeclaration loc' d)) here;
          raw = defsOf.${name} or [ ];
        in
        if length leaves == length here then
          leaf loc' leaves raw
        else if leaves != [ ] then
          if lib.all (d: (d.options.type or lib.types.unspecified).nestedTypes.elemType or null == null && d.options.type.name or "" == "submodule") leaves then
            leaf loc' (map asSubmodule here) raw
          else
            throw "The option `${showOption loc'}' in module `${(head leaves).file}' would be a parent of the following options, but its type `${(head leaves).options.type.description or "<no description>"}' does not support nested options.\n${showRawDecls loc' (filter (d: !isOption d.options) here)}"
        else
          mergeTree loc' here (concatMap (d: map (value: { inherit (d) file; inherit value; }) (pushDown d.value)) raw)
      ) declsOf;
    in
    {
      options = mapAttrs (_: n: if n ? option then n.option else n.options) nodes;
      config = mapAttrs (_: n: if n ? option then n.option.value else n.config) nodes;
      # Definitions that no declaration takes: { path; file; value; }
      # They stay as written: `mkIf false` does not excuse a misspelt option.
      unmatched =
        if defs == [ ] then
          [ ]
        else
          concatMap (
            name:
            if !nodes ? ${name} then
              map (d: d // { path = [ name ]; }) defsOf.${name}
            else if nodes.${name} ? option then
              [ ]
            else
              map (u: u // { path = [ name ] ++ u.path; }) nodes.${name}.unmatched
          ) (attrNames (defsOf // nodes));
    };

  # The usual slip is a type without `mkOption' around it.
  noDeclaration =
    loc: d:
    let
      kind = d.options._type;
      name = lib.strings.escapeNixIdentifier (lib.last loc);
    in
    throw (
      "In module ${d.file}: expected an option declaration at option path `${showOption loc}` but got an attribute set with type ${kind}"
      + lib.optionalString (kind == "option-type") (
        "\n\nWhen declaring an option, you must wrap the type in a `mkOption` call. It should look somewhat like:\n    "
        + lib.optionalString (length loc > 1) "\n    # ${showOption loc}"
        + "\n    ${name} = lib.mkOption {\n      description = ...;\n      type = <the type you wrote for ${name}>;\n      ...\n    };\n"
      )
    );
  showRawDecls =
    loc: decls:
    lib.concatStringsSep "\n" (
      builtins.sort (a: b: a < b) (
        concatMap (
          d: map (n: " - option(s) with prefix `${showOption (loc ++ [ n ])}' in module `${d.file}'") (attrNames d.options)
        ) decls
      )
    );

  leaf = loc: decls: defs: { option = evalOption loc (mergeDeclarations loc decls) defs; };

  # Several modules may declare the same option when their types agree. The
  # last one comes first here; submodules keep the order of the modules, and
  # know the file that declares them.
  mergeDeclarations =
    loc: decls:
    let
      joined = builtins.foldl' (
        acc: d:
        let
          o = d.options;
          type = acc.type.typeMerge o.type.functor;
          bothHaveType = acc ? type && o ? type;
          clash = n: acc ? ${n} && o ? ${n};
          sub = o.type.getSubModules or null;
        in
        if clash "default" || clash "example" || clash "description" || clash "apply" || (bothHaveType && type == null) then
          throw "The option `${showOption loc}' in `${d.file}' is already declared in ${showFiles acc.declarations}."
        else
          o
          // acc
          // {
            declarations = acc.declarations ++ [ d.file ];
            declarationPositions = acc.declarationPositions ++ [ (if d.pos or null != null then d.pos else { inherit (d) file; line = null; column = null; }) ];
            options = optionals (sub != null) (map (setDefaultModuleLocation d.file) sub) ++ acc.options;
          }
          // lib.optionalAttrs bothHaveType { inherit type; }
      ) { inherit loc; declarations = [ ]; declarationPositions = [ ]; options = [ ]; } decls;
    in
    joined
    // {
      options = [ ];
      type =
        if joined.type.getSubModules or null == null then
          joined.type or lib.types.unspecified
        else
          joined.type.substSubModules joined.options;
    };

  evalOption =
    loc: opt: defs:
    let
      type = opt.type or lib.types.unspecified;
      all =
        optionals (opt ? default) [
          {
            file = head opt.declarations;
            value = mkOptionDefault opt.default;
          }
        ]
        ++ defs;
      res =
        # The default counts, and so does what mkForce would win over.
        if opt.readOnly or false && length all > 1 then
          throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${
            showDefs (map (d: d // { value = (mergeDefinitions loc type [ d ]).mergedValue; }) all)
          }"
        else
          mergeDefinitions loc type all;
      warn =
        if type.deprecationMessage or null != null then
          lib.warn "The type `types.${type.name}' of option `${showOption loc}' defined in ${showFiles opt.declarations} is deprecated. ${type.deprecationMessage}"
        else
          x: x;
    in
    opt
    // {
      _type = "option";
      inherit loc type;
      value = builtins.addErrorContext "while evaluating the option `${showOption loc}':" (
        warn (if opt ? apply then opt.apply res.mergedValue else res.mergedValue)
      );
      definitions = map (d: d.value) res.kept;
      definitionsWithLocations = res.kept;
      files = map (d: d.file) res.kept;
      inherit (res) isDefined;
      highestPrio = res.priority;
      __toString = _: showOption loc;
    };

  # Definitions -> those of the highest priority, in order.
  defsFinal =
    loc: type: defs:
    let
      flat = concatMap (
        d:
        map (
          value:
          if value._type or "" == "definition" then
            { inherit (value) file value; }
          else
            {
              inherit (d) file;
              inherit value;
            }
        ) (builtins.addErrorContext "while evaluating definitions from `${d.file}':" (discharge d.value))
      ) defs;
      priorityOf = d: if d.value._type or "" == "override" then d.value.priority else defaultOverridePriority;
      priority = builtins.foldl' (p: d: lib.min p (priorityOf d)) 9999 flat;
      strip = d: if d.value._type or "" == "override" then d // { value = d.value.content; } else d;
      strongest = map strip (filter (d: priorityOf d == priority) flat);
      ordered = d: d.value._type or "" == "order";
      sorted =
        if lib.any ordered strongest then
          map (x: x.d) (
            builtins.sort (a: b: a.at < b.at) (
              map (
                d:
                if ordered d then
                  { at = d.value.priority; d = d // { value = d.value.content; }; }
                else
                  { at = defaultOrderPriority; inherit d; }
              ) strongest
            )
          )
        else
          strongest;
    in
    {
      kept = sorted;
      inherit priority;
    };

  mergeDefinitions =
    loc: type: defs:
    let
      final = defsFinal loc type defs;
      bad = filter (d: !type.check d.value) final.kept;
      checked = lib.types.checkedMerge type loc final.kept;
    in
    rec {
      inherit (final) kept priority;
      defsFinal' = { values = final.kept; highestPrio = final.priority; };
      isDefined = kept != [ ];
      mergedValue =
        if isDefined then
          (
            if type.merge ? v2 then
              (
                if checked.headError == null then
                  checked.value
                else
                  throw "A definition for option `${showOption loc}' is not of type `${type.description}'. TypeError: ${checked.headError.message}"
              )
            else if bad == [ ] then
              type.merge loc kept
            else
              throw "A definition for option `${showOption loc}' is not of type `${type.description}'. Definition values:${showDefs bad}"
          )
        else if type.emptyValue ? value then
          type.emptyValue.value
        else
          throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option.";
      optionalValue = if isDefined then { value = mergedValue; } else { };
    };
  evalOptionValue = evalOption;

  # mkIf and mkMerge around a *set of options* move inwards to each of them,
  # so that a condition is looked at only when an option under it is read.
  pushDown =
    cfg:
    let
      type = cfg._type or "";
      # What is no set is refused later, in better words.
      inward = f: v: if isAttrs v then mapAttrs f v else v;
    in
    if type == "merge" then
      concatMap pushDown cfg.contents
    else if type == "if" then
      map (inward (_: mkIf cfg.condition)) (pushDown cfg.content)
    else if type == "override" then
      map (inward (_: mkOverride cfg.priority)) (pushDown cfg.content)
    else
      [ cfg ];
  pushDownProperties = pushDown;

  # mkIf and mkMerge around a *value* go away.
  discharge =
    def:
    let
      type = def._type or "";
    in
    if type == "merge" then
      concatMap discharge def.contents
    else if type == "if" then
      (
        if builtins.isBool def.condition then
          (if def.condition then discharge def.content else [ ])
        else
          throw "‘mkIf’ called with a non-Boolean condition"
      )
    else
      [ def ];
  dischargeProperties = discharge;
  filterOverrides = defs: (defsFinal [ ] null defs).kept;
  sortProperties = defs: defs;
  fixupOptionType = _loc: opt: opt;

  # ---- modules that move options ------------------------------------------

  mkRemovedOptionModule =
    optionName: replacementInstructions:
    { options, ... }:
    let
      opt = lib.getAttrFromPath optionName options;
    in
    {
      options = lib.setAttrByPath optionName (
        lib.mkOption {
          visible = false;
          apply =
            _x:
            throw "The option `${showOption optionName}' can no longer be used since it's been removed. ${replacementInstructions}";
        }
      );
      config.assertions = [
        {
          assertion = !opt.isDefined;
          message = ''
            The option definition `${showOption optionName}' in ${showFiles opt.files} no longer has any effect; please remove it.
            ${replacementInstructions}
          '';
        }
      ];
    };
  mkRenamedOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = false;
      warn = true;
      use = builtins.trace "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
    };
  mkRenamedOptionModuleWith =
    { sinceRelease, from, to }:
    doRename {
      inherit from to;
      visible = false;
      # Not before the oldest release in use has the new name.
      warn = lib.oldestSupportedReleaseIsAtLeast sinceRelease;
      use = lib.warnIf (lib.oldestSupportedReleaseIsAtLeast sinceRelease) "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
    };
  mkAliasOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = true;
      warn = false;
      use = x: x;
    };
  mkAliasOptionModuleMD = mkAliasOptionModule;
  mkChangedOptionModule = from: to: changeFn: mkMergedOptionModule [ from ] to changeFn;
  mkMergedOptionModule =
    from: to: mergeFn:
    { config, options, ... }:
    {
      options = builtins.foldl' lib.recursiveUpdate { } (
        map (
          path:
          lib.setAttrByPath path (lib.mkOption {
            visible = false;
            default = "_mkMergedOptionModule";
          })
        ) from
      );
      config =
        {
          warnings = filter (x: x != "") (
            map (
              f:
              let
                opt = lib.getAttrFromPath f options;
              in
              lib.optionalString (lib.getAttrFromPath f config != "_mkMergedOptionModule")
                "The option `${showOption f}' defined in ${showFiles opt.files} has been changed to `${showOption to}' that has a different type. Please read `${showOption to}' documentation and update your configuration accordingly."
            ) from
          );
        }
        // lib.setAttrByPath to (
          mkMerge (optionals (lib.any (f: lib.getAttrFromPath f config != "_mkMergedOptionModule") from) [ (mergeFn config) ])
        );
    };

  doRename =
    {
      from,
      to,
      visible,
      warn,
      use,
      withPriority ? true,
      condition ? true,
    }:
    { config, options, ... }:
    let
      fromOpt = lib.getAttrFromPath from options;
      toOf = lib.attrByPath to (throw "Renaming error: option `${showOption to}' does not exist.");
      toType = (lib.attrByPath to { } options).type or (lib.types.submodule { });
    in
    {
      options = lib.setAttrByPath from (
        lib.mkOption {
          inherit visible;
          description = "Alias of {option}`${showOption to}`.";
          apply = x: use (toOf config);
        }
        // { type = toType; }
      );
      config = mkMerge [
        (
          if warn && options ? warnings then
            {
              warnings = lib.optional (condition && fromOpt.isDefined)
                "The option `${showOption from}' defined in ${showFiles fromOpt.files} has been renamed to `${showOption to}'.";
            }
          else
            { }
        )
        # The condition stays outside: a definition below `to` would bring a
        # submodule there to life.
        (mkIf condition (
          (if withPriority then mkAliasAndWrapDefsWithPriority else mkAliasAndWrapDefinitions) (lib.setAttrByPath to) fromOpt
        ))
      ];
    };
}
