# Overridable functions and packages.
{ lib }:
rec {
  makeOverridable =
    f:
    lib.mirrorFunctionArgs f (
      origArgs:
      let
        result = f origArgs;
        with' = newArgs: origArgs // (if lib.isFunction newArgs then newArgs origArgs else newArgs);
        override = lib.mirrorFunctionArgs f (newArgs: makeOverridable f (with' newArgs));
        again = change: makeOverridable (lib.mirrorFunctionArgs f (args: change (f args))) origArgs;
      in
      if builtins.isAttrs result then
        result
        // {
          inherit override;
          overrideDerivation = change: again (drv: lib.overrideDerivation drv change);
        }
        // lib.optionalAttrs (result ? overrideAttrs) {
          overrideAttrs = change: again (drv: drv.overrideAttrs change);
        }
      else if lib.isFunction result then
        lib.setFunctionArgs result (lib.functionArgs result) // { inherit override; }
      else
        result
    );

  overrideDerivation = drv: f: drv.overrideAttrs (old: f old);

  callPackageWith =
    autoArgs: fn: args:
    let
      f = if lib.isFunction fn then fn else import fn;
      formals = lib.functionArgs f;
      missing = builtins.filter (n: !formals.${n} && !(autoArgs ? ${n}) && !(args ? ${n})) (builtins.attrNames formals);
      where = if builtins.isPath fn || builtins.isString fn then toString fn else "<function>";
    in
    if missing == [ ] then
      makeOverridable f (builtins.intersectAttrs formals autoArgs // args)
    else
      abort "lib.customisation.callPackageWith: Function called without required argument \"${builtins.head missing}\" at ${where}";
  callPackagesWith =
    autoArgs: fn: args:
    let
      f = if lib.isFunction fn then fn else import fn;
    in
    removeAttrs (f (builtins.intersectAttrs (lib.functionArgs f) autoArgs // args)) [ "override" "overrideDerivation" ];

  makeScope =
    newScope: f:
    let
      self = f self // {
        newScope = scope: newScope (self // scope);
        callPackage = self.newScope { };
        overrideScope = g: makeScope newScope (lib.extends g f);
        packages = f;
      };
    in
    self;
  hydraJob = drv: drv;
  extendDerivation =
    condition: passthru: drv:
    let
      outputs = drv.outputs or [ "out" ];
    in
    drv // passthru // { outPath = assert condition; drv.outPath; inherit outputs; };
}
