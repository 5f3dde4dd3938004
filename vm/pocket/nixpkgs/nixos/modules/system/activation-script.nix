# The activation script: named pieces in the order of their dependencies.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  scripts = builtins.mapAttrs piecemeal config.system.activationScripts;
  # A piece under its name. What it needs may be a piece of NixOS that this guest has no use for.
  piecemeal = name: script: {
    deps = lib.filter (needed: config.system.activationScripts ? ${needed}) (script.deps or [ ]);
    text = ''

      #### Activation script snippet ${name}:
      _localstatus=0
      ${script.text or script}
      if (( _localstatus > 0 )); then
        printf "Activation script snippet '%s' failed (%s)\n" "${name}" "$_localstatus"
      fi
    '';
  };
  piece = type: mkOption {
    type = types.attrsOf (types.either types.str (types.submodule {
      options = {
        deps = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "What must run before.";
        };
        text = mkOption {
          type = types.lines;
          description = "The content of the script.";
        };
        supportsDryActivation = mkOption {
          type = types.bool;
          default = false;
          description = "Whether it may run in a dry activation.";
        };
      };
    }));
    default = { };
    description = "Shell script fragments that are executed when ${type}.";
  };
in
{
  options.system = {
    activationScripts = piece "a NixOS system configuration is activated";
    userActivationScripts = piece "a user logs in";
    activatableSystemBuilderCommands = mkOption {
      type = types.lines;
      default = "";
      internal = true;
      description = "Shell code added to the builder of the system.";
    };
    build.activationScript = mkOption {
      type = types.str;
      internal = true;
      description = "The whole script.";
    };
  };
  config.system.build.activationScript = ''
    #!/bin/bash
    systemConfig='@out@'
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    _status=0
    trap "_status=1 _localstatus=\$?" ERR
    umask 0022
    ${lib.concatStrings (lib.textClosureList scripts (builtins.attrNames scripts))}
    # Make this configuration the current configuration.
    ln -sfn "$(readlink -f "$systemConfig")" /run/current-system
    mkdir -p /nix/var/nix/gcroots
    ln -sfn /run/current-system /nix/var/nix/gcroots/current-system
    exit $_status
  '';
}
