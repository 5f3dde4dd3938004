# system.build.toplevel: the system as one store path.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  failed = map (a: a.message) (lib.filter (a: !a.assertion) config.assertions);
  checked =
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (m: "- ${m}") failed}"
    else
      lib.showWarnings config.warnings;
in
{
  options.system = {
    name = mkOption {
      type = types.str;
      default = if config.networking.hostName == "" then "unnamed" else config.networking.hostName;
      description = "The name of the system used in the toplevel derivation.";
    };
    build.toplevel = mkOption {
      type = types.package;
      readOnly = true;
      description = "The system.";
    };
    extraDependencies = mkOption {
      type = types.listOf types.pathInStore;
      default = [ ];
      description = "Paths that belong to the system's closure.";
    };
  };
  options.system.build.installBootLoader = mkOption {
    type = types.unspecified;
    default = "true";
    internal = true;
    description = "Accepted; the guest boots by itself.";
  };

  config.system.build.toplevel = checked (
    pkgs.packaged (pkgs.writer {
      name = "nixos-system-${config.system.name}-${config.system.nixos.label}";
      args = [
        "-ec"
        ''
          PATH=/usr/bin:/bin
          mkdir -p $out/bin
          sed "s,@out@,$out,g" "$activationScriptPath" > $out/activate
          sed "s,@out@,$out,g" "$switchPath" > $out/bin/switch-to-configuration
          chmod +x $out/activate $out/bin/switch-to-configuration
          ln -s $etc/etc $out/etc
          ln -s $path $out/sw
          ln -s $etc/etc/systemd/system $out/systemd
          printf '%s' "$label" > $out/nixos-version
          printf '%s' "$system" > $out/system
          printf '%s' "$extraDependencies" > $out/extra-dependencies
          exit 0
        ''
      ];
      activationScript = config.system.build.activationScript;
      switch = builtins.readFile ./switch-to-configuration.sh;
      passAsFile = [ "activationScript" "switch" ];
      etc = config.system.build.etc;
      path = config.system.path;
      inherit (config.system.nixos) label;
      inherit (config.system) extraDependencies;
    }) { }
  );
}
