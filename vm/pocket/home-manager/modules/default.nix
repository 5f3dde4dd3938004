# Evaluates a home: warnings are printed, failed assertions refuse it.
{
  configuration,
  pkgs,
  lib ? pkgs.lib,
  check ? true,
  extraSpecialArgs ? { },
  minimal ? false,
}:
let
  extendedLib = import ./lib/stdlib-extended.nix lib;

  raw = extendedLib.evalModules {
    class = "homeManager";
    modules = [ configuration ] ++ import ./modules.nix { inherit check pkgs; lib = extendedLib; };
    specialArgs = { modulesPath = toString ./.; } // extraSpecialArgs;
  };

  escape = builtins.fromJSON ''"\u001b"'';
  red = "${escape}[1;31m";
  plain = "${escape}[0m";
  checked =
    raw:
    let
      failed = map (a: a.message) (lib.filter (a: !a.assertion) raw.config.assertions);
      refused = throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (m: "- ${m}") failed}";
      result = if failed == [ ] then raw else refused;
    in
    # The warnings are those of the result: a refused home prints none.
    lib.foldr (w: x: builtins.trace "${red}warning: ${w}${plain}" x) result result.config.warnings;

  finish =
    raw:
    let
      module = checked raw;
    in
    module
    // {
      inherit (module.config.home) activationPackage;
      activation-script = module.config.home.activationPackage;
      inherit (module._module.args) pkgs;
      newsDisplay = "silent";
      newsEntries = [ ];
      extendModules = args: finish (raw.extendModules args);
    };
in
finish raw
