# Command lines from attribute sets, in the GNU way.
{ lib }:
rec {
  # The newer names: how an option looks is a function of its name.
  toCommandLineShell = optionFormat: attrs: lib.escapeShellArgs (toCommandLine optionFormat attrs);
  toCommandLineGNU =
    {
      isLong ? name: builtins.stringLength name > 1,
      explicitBool ? false,
      formatArg ? lib.generators.mkValueStringDefault { },
    }:
    toCommandLine (name: {
      option = if isLong name then "--${name}" else "-${name}";
      sep = if isLong name then "=" else "";
      inherit explicitBool formatArg;
    });
  toCommandLineShellGNU = options: attrs: lib.escapeShellArgs (toCommandLineGNU options attrs);
  toCommandLine =
    optionFormat: attrs:
    let
      arguments =
        name: value:
        let
          f = {
            sep = null;
            explicitBool = false;
            formatArg = lib.generators.mkValueStringDefault { };
          }
          // optionFormat name;
          one = v: if f.sep == null then [ f.option (f.formatArg v) ] else [ "${f.option}${f.sep}${f.formatArg v}" ];
        in
        if value == null then
          [ ]
        else if builtins.isList value then
          lib.concatMap (arguments name) value
        else if builtins.isBool value && !f.explicitBool then
          lib.optional value f.option
        else
          one value;
    in
    lib.concatLists (lib.mapAttrsToList arguments attrs);

  toGNUCommandLineShell = options: attrs: lib.escapeShellArgs (toGNUCommandLine options attrs);
  toGNUCommandLine =
    {
      mkOptionName ? k: if lib.stringLength k == 1 then "-${k}" else "--${k}",
      mkBool ? k: v: lib.optional v (mkOptionName k),
      mkList ? k: v: lib.concatMap (mkOption k) v,
      mkOption ?
        k: v:
        if v == null then
          [ ]
        else if optionValueSeparator == null then
          [ (mkOptionName k) (lib.generators.mkValueStringDefault { } v) ]
        else
          [ "${mkOptionName k}${optionValueSeparator}${lib.generators.mkValueStringDefault { } v}" ],
      optionValueSeparator ? null,
    }:
    attrs:
    lib.concatMap (
      k:
      let
        v = attrs.${k};
      in
      if builtins.isBool v then
        mkBool k v
      else if builtins.isList v then
        mkList k v
      else
        mkOption k v
    ) (builtins.attrNames attrs);
}
