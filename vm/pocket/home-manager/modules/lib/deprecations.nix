# Options that moved, and defaults that depend on stateVersion.
{ lib }:
{
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

  # A default that changed with a release: the old value is kept for homes
  # whose stateVersion is older.
  stateVersionDefault =
    {
      stateVersion,
      since,
      legacy,
      current,
    }:
    if lib.versionAtLeast stateVersion since then current else legacy;
}
