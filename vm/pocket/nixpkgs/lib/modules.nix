# The module system: many modules in, one configuration out.
#
# Three steps. `collect` follows imports and calls module functions. `merge`
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
  inherit (lib) showOption showFiles showDefs isOption optionals;
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
  collect =
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
          anonKey = "${parentKey}:anon-${toString n}";
          isPath = builtins.isPath m || (builtins.isString m);
          key = if isPath then toString m else anonKey;
          file = if isPath then toString m else parentFile;
          value = if isPath then import m else m;
          named = if isAttrs value then value.key or key else key;
          applied =
            if isPath && builtins.isString m && !lib.hasPrefix "/" m then
              throw "In module `${parentFile}', a string was found in `imports' that is not an absolute path: ${m}"
            else if lib.isFunction value then
              applyModuleArgs named value args config
            else if isList value then
              { imports = value; }
            else if builtins.elem (value._type or "") [ "if" "merge" "override" ] then
              { config = value; }
            else if value._type or "module" != "module" then
              throw (
                if value._type == "flake" then
                  "Module imports can't be a flake: use one of its `nixosModules' or `homeModules' (found in ${parentFile})."
                else
                  "Could not load a value as a module, because it is of type \"${value._type}\", in file ${parentFile}."
              )
            else
              value;
          unified = unify file key (if lib.isFunction applied then applyModuleArgs key applied args config else applied);
          checked =
            if class != null && unified._class != null && unified._class != class then
              throw "The module `${unified._file}' (class: ${builtins.toJSON unified._class}) cannot be imported into a module evaluation that expects class ${builtins.toJSON class}."
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
        if builtins.isString d && !lib.hasPrefix "/" d then
          toString modulesPath + "/" + d
        else if isAttrs d then
          toString d.key
        else
          toString d;
      disabled = concatMap (c: map (disabledKey c.module._file) c.module.disabledModules) closure;
      # What only a disabled module imports is gone too.
      reachable = builtins.genericClosure {
        startSet = filter (c: !builtins.elem c.key disabled) (lib.imap1 (load unknown "") modules);
        operator = item: filter (c: !builtins.elem c.key disabled) item.children;
      };
    in
    map (c: c.module) (if disabled == [ ] then closure else reachable);
  unknown = "<unknown-file>";

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

      collected = collect {
        modules = modules ++ [ internal ];
        args = { inherit lib options specialArgs config; _class = class; _prefix = prefix; } // specialArgs;
        inherit config class;
        modulesPath = specialArgs.modulesPath or "";
      };

      merged = mergeTree prefix (map (m: { file = m._file; inherit (m) options; }) collected) (
        concatMap (m: map (value: { file = m._file; inherit value; }) (pushDown m.config)) (lib.reverseList collected)
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
            unmatchedMessage prefix (head merged.unmatched) options
            # Modules may know more of an option that is not declared.
            + (merged.config._module.args.unknownOptionHint or (_: "")) (head merged.unmatched).path
          )
        else
          null;
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
      siblings = attrNames (lib.attrByPath parent { } options);
      close = filter (s: s != "_module" && lib.levenshteinAtMost 2 s (lib.last def.path)) siblings;
      sorted = lib.take 3 (lib.sortOn (s: lib.levenshtein s (lib.last def.path)) close);
      quoted = map (s: "`${showOption (prefix ++ parent ++ [ s ])}'") sorted;
      didYouMean =
        if sorted == [ ] then
          ""
        else
          "\n\nDid you mean ${
            if length quoted == 1 then
              head quoted
            else
              "${lib.concatStringsSep ", " (lib.init quoted)} or ${lib.last quoted}"
          }?";
    in
    if removeAttrs options [ "_module" ] == { } then
      let
        name = showOption prefix;
      in
      "${start}\n\nHowever there are no options defined in `${name}'. Are you sure you've\ndeclared your options properly? This can happen if you e.g. declared your options in `types.submodule'\nunder `config' rather than `options'."
    else
      start + didYouMean;

  # One level of the option tree.
  # decls: [{ file; options; }]   defs: [{ file; value; }] with plain sets as values
  mergeTree =
    loc: decls: defs:
    let
      declsOf = zipAttrsWith (_: ds: ds) (
        map (
          d:
          if !isAttrs d.options then
            throw "An option declaration for `${showOption loc}' has type `${builtins.typeOf d.options}', expected an attribute set rather than that. (in ${d.file})"
          else
            mapAttrs (_: options: { inherit (d) file; inherit options; }) d.options
        ) decls
      );
      defsOf = zipAttrsWith (_: lib.concatLists) (
        map (
          d:
          if !isAttrs d.value then
            throw "The option `${showOption loc}' is expected to be a set: in file ${d.file} it is ${lib.options.typeOfValue d.value}."
          else
            mapAttrs (_: value: [ { inherit (d) file; inherit value; } ]) d.value
        ) defs
      );
      nodes = mapAttrs (
        name: here:
        let
          loc' = loc ++ [ name ];
          leaves = filter (d: isOption d.options) here;
          raw = defsOf.${name} or [ ];
        in
        if length leaves == length here then
          leaf loc' leaves raw
        else if leaves != [ ] then
          if lib.all (d: (d.options.type or lib.types.unspecified).nestedTypes.elemType or null == null && d.options.type.name or "" == "submodule") leaves then
            leaf loc' (leaves ++ map (d: { inherit (d) file; options = lib.mkOption { type = lib.types.submoduleWith { modules = [ { _file = d.file; options = d.options; } ]; shorthandOnlyDefinesConfig = null; }; }; }) (filter (d: !isOption d.options) here)) raw
          else
            throw "The option `${showOption loc'}' in ${showFiles (map (d: d.file) leaves)} is a prefix of options in ${showFiles (map (d: d.file) (filter (d: !isOption d.options) here))}."
        else
          mergeTree loc' here (concatMap (d: map (value: { inherit (d) file; inherit value; }) (pushDown d.value)) raw)
      ) declsOf;
      unknownNames = attrNames (removeAttrs defsOf (attrNames declsOf));
    in
    {
      options = mapAttrs (_: n: if n ? option then n.option else n.options) nodes;
      config = mapAttrs (_: n: if n ? option then n.option.value else n.config) nodes;
      # Definitions that no declaration takes: { path; file; value; }
      unmatched =
        concatMap (
          name:
          concatMap (
            d: map (value: { path = [ name ]; inherit (d) file; inherit value; }) (discharge d.value)
          ) defsOf.${name}
        ) unknownNames
        ++ concatMap (
          name:
          if nodes.${name} ? option then
            [ ]
          else
            map (u: u // { path = [ name ] ++ u.path; }) nodes.${name}.unmatched
        ) (attrNames nodes);
    };

  leaf = loc: decls: defs: { option = evalOption loc (mergeDeclarations loc decls) defs; };

  # Several modules may declare the same option when their types agree.
  mergeDeclarations =
    loc: decls:
    builtins.foldl' (
      acc: d:
      let
        o = d.options;
        merged = (acc.type or lib.types.unspecified).typeMerge (o.type or lib.types.unspecified).functor;
        clash = n: acc ? ${n} && o ? ${n};
        typesClash = acc ? type && o ? type && merged == null;
      in
      if acc.declarations == [ ] then
        o // { inherit loc; declarations = [ d.file ]; }
      else if clash "default" || clash "example" || clash "description" || clash "apply" || typesClash then
        throw "The option `${showOption loc}' in `${d.file}' is already declared in ${showFiles acc.declarations}."
      else
        acc
        // o
        // {
          inherit loc;
          declarations = acc.declarations ++ [ d.file ];
        }
        // lib.optionalAttrs (acc ? type && o ? type) { type = merged; }
    ) { declarations = [ ]; } decls;

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
        if opt.readOnly or false && length (defsFinal loc type defs).kept > 1 then
          throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${showDefs (defsFinal loc type defs).kept}"
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
    in
    rec {
      inherit (final) kept priority;
      defsFinal' = { values = final.kept; highestPrio = final.priority; };
      isDefined = kept != [ ];
      mergedValue =
        if isDefined then
          (
            if bad == [ ] then
              type.merge loc kept
            else
              throw "A definition for option `${showOption loc}' is not of type `${type.description}'. Definition values:${showDefs bad}"
          )
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
    in
    if type == "merge" then
      concatMap pushDown cfg.contents
    else if type == "if" then
      map (mapAttrs (_: mkIf cfg.condition)) (pushDown cfg.content)
    else if type == "override" then
      map (mapAttrs (_: mkOverride cfg.priority)) (pushDown cfg.content)
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
          throw "mkIf called with a non-Boolean condition"
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
      warn = true;
      use = lib.warn "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
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
          if warn then
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
