# Options that moved, and defaults that depend on stateVersion.
{ lib }:
let
  inherit (import ../../release.nix) release;
in
rec {
  # Does this home get the old default although its release has a new one?
  isLegacy = stateVersion: since: lib.versionAtLeast release since && lib.versionOlder stateVersion since;

  mkSettingsRenamedOptionModules =
    oldPrefix: newPrefix:
    { transform ? lib.hm.strings.toSnakeCase }:
    map (
      spec:
      let
        both =
          if builtins.isAttrs spec then
            builtins.mapAttrs (_: lib.toList) spec
          else
            rec {
              old = lib.toList spec;
              new = map transform old;
            };
      in
      lib.mkRenamedOptionModule (oldPrefix ++ both.old) (newPrefix ++ both.new)
    );

  # What is said to a home that still gets the old default.
  changedDefault =
    {
      option,
      since,
      legacy,
      current,
    }:
    ''
      The default value of `${option}` has changed from `${legacy}` to `${current}`.
      You are currently using the legacy default (`${legacy}`) because `home.stateVersion` is less than "${since}".
      To silence this warning and keep legacy behavior, set:
        ${option} = ${legacy};
      To adopt the new default behavior, set:
        ${option} = ${current};
    '';

  # A default that changed with a release: the old value is kept for homes
  # whose stateVersion is older.
  stateVersionDefault =
    {
      stateVersion,
      since,
      legacy,
      current,
    }:
    if lib.versionAtLeast release since && lib.versionAtLeast stateVersion since then current else legacy;
}
