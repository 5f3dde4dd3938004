# Units of the user's service manager.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ./lib/since.nix) since;
  cfg = config.systemd.user;

  ini = lib.generators.toINI {
    listsAsDuplicateKeys = true;
    mkKeyValue = k: v: "${k}=${if builtins.isBool v then lib.boolToString v else toString v}";
  };
  primitive = types.oneOf [ types.bool types.int types.str types.path ];
  toListOf = t: types.coercedTo types.str lib.toList (types.listOf t);

  unitType =
    kind: extra:
    let
      described = type: type // { description = "systemd ${kind} unit configuration"; };
      unit = types.attrsOf (types.attrsOf (types.either primitive (types.listOf primitive)));
    in
    if !since "25.11" then described (types.attrsOf unit) else types.attrsOf (
      types.submodule {
        freeformType = described unit;
        imports = [
          {
            options.Unit = {
              Description = mkOption {
                type = types.nullOr types.str;
                default = null;
                description = "A short human-readable label of the unit.";
              };
              Documentation = mkOption {
                type = toListOf types.str;
                default = [ ];
                description = "List of URIs referencing documentation for the unit.";
              };
            };
          }
          extra
        ];
      }
    );
  triggers = mkOption {
    type = types.listOf (types.either types.package types.str);
    default = [ ];
    description = "Strings that change the unit when they change.";
  };
  serviceOptions.options = {
    Unit = {
      X-Reload-Triggers = triggers;
      X-Restart-Triggers = triggers;
      X-SwitchMethod = mkOption {
        type = types.enum [ null "reload" "restart" "stop-start" "keep-old" ];
        default = null;
        description = "How to switch to a new version of this service.";
      };
    };
    Service = {
      Environment = mkOption {
        type = toListOf types.str;
        default = [ ];
        description = "Environment variables available to executed processes.";
      };
      ExecStart = mkOption {
        type = types.either (types.either types.package types.str) (types.listOf (types.either types.package types.str));
        apply = lib.toList;
        default = [ ];
        description = "Command that is executed when this service is started.";
      };
    };
  };

  kinds = [ "service" "slice" "socket" "target" "timer" "path" "mount" "automount" ];

  # ~/.config/systemd/user files of one unit: itself, and the links of targets
  # that want it.
  filesOf =
    kind: name: unit:
    let
      file = "${name}.${kind}";
      said = lib.filterAttrs (_: s: s != { }) (builtins.mapAttrs (_: lib.filterAttrs (_: v: v != null && v != [ ])) unit);
      content = if since "25.11" then said else unit;
      source =
        pkgs.writeTextFile {
          name = lib.replaceStrings [ "@" ":" "\\" "[" "]" ] [ "-" "-" "-" "" "" ] file;
          text = ini content;
          destination = "/${file}";
        }
        + "/${file}";
      link = variant: target: lib.nameValuePair "systemd/user/${target}.${variant}/${file}" { inherit source; };
    in
    [ (lib.nameValuePair "systemd/user/${file}" { inherit source; }) ]
    ++ map (link "wants") (unit.Install.WantedBy or [ ])
    ++ map (link "requires") (unit.Install.RequiredBy or [ ]);

  unitsDir = "home-files${lib.removePrefix config.home.homeDirectory config.xdg.configHome}/systemd/user";
  starts = if since "25.05" then cfg.startServices else cfg.startServices == "sd-switch";
  # Systemd of the machine, reached also when no session's environment is set.
  reach = ''env XDG_RUNTIME_DIR="''${XDG_RUNTIME_DIR:-/run/user/$(id -u)}" PATH="${dirOf cfg.systemctlPath}:$PATH"'';
in
{
  options.systemd.user = {
    enable = lib.mkEnableOption "the user systemd service manager" // {
      default = pkgs.stdenv.hostPlatform.isLinux;
    };
    systemctlPath = mkOption {
      type = types.str;
      default = "${pkgs.systemd}/bin/systemctl";
      description = "Absolute path to the systemctl tool.";
    };
    startServices = mkOption {
      type = types.either types.bool (types.enum ([ "suggest" ] ++ lib.optional (!since "25.05") "legacy" ++ [ "sd-switch" ]));
      apply =
        p:
        if since "25.05" then
          if builtins.isBool p then p else p == "sd-switch"
        else if p == true || p == "legacy" then
          throw "The pocket channel does not model systemd.user.startServices = \"legacy\"; run this scenario on the real channel."
        else if p == false then
          "suggest"
        else
          p;
      default = if since "25.05" then true else "suggest";
      description = "Whether new or changed services that are wanted by active targets should be started.";
    };
    servicesStartTimeoutMs = mkOption {
      type = types.ints.unsigned;
      default = 0;
      description = "How long to wait for started services.";
    };
    sessionVariables = mkOption {
      type = types.attrsOf (types.either types.int types.str);
      default = { };
      description = "Environment variables that will be set for the user session.";
    };
  }
  // lib.listToAttrs (
    map (
      kind:
      lib.nameValuePair "${kind}s" (mkOption {
        type = unitType kind (if kind == "service" then serviceOptions else { });
        default = { };
        description = "Definition of systemd per-user ${kind} units.";
      })
    ) kinds
  );

  config = lib.mkIf (cfg.enable && (since "26.05" || config.home.username != "root")) {
    systemd.user.targets = lib.optionalAttrs (since "24.11") {
      tray.Unit = {
        Description = "Home Manager System Tray";
        Requires = [ "graphical-session-pre.target" ];
      };
    };

    xdg.configFile = lib.mkMerge [
      (lib.listToAttrs (
        lib.concatMap (kind: lib.concatLists (lib.mapAttrsToList (filesOf kind) cfg."${kind}s")) kinds
      ))
      (lib.mkIf (cfg.sessionVariables != { }) {
        "environment.d/10-home-manager.conf".text =
          lib.concatStringsSep "\n" (lib.mapAttrsToList (n: v: "${n}=${toString v}") cfg.sessionVariables) + "\n";
      })
    ];

    home.activation.reloadSystemd = lib.hm.dag.entryAfter [ "linkGeneration" ] ''
      systemdStatus=$(${reach} systemctl --user is-system-running 2>&1 || true)
      if [[ $systemdStatus == 'running' || $systemdStatus == 'degraded' ]]; then
        if [[ $systemdStatus == 'degraded' ]]; then
          warnEcho "The user systemd session is degraded:"
          ${reach} systemctl --user --no-pager --state=failed
          warnEcho "Attempting to reload services anyway..."
        fi
        oldUnitsDir=""
        if [[ -v oldGenPath && -e "$oldGenPath/${unitsDir}" ]]; then oldUnitsDir="$oldGenPath/${unitsDir}"; fi
        newUnitsDir="$newGenPath/${unitsDir}"
        [[ -e $newUnitsDir ]] || newUnitsDir=${pkgs.emptyDirectory}
        ${
          if starts then
            ''
              ${reach} ${lib.getExe pkgs.sd-switch} ''${DRY_RUN:+--dry-run} $VERBOSE_ARG ${
                lib.optionalString (cfg.servicesStartTimeoutMs != 0) "--timeout ${toString cfg.servicesStartTimeoutMs}"
              } ''${oldUnitsDir:+--old-units $oldUnitsDir} --new-units "$newUnitsDir"
            ''
          else
            ''
              ${reach} bash ${./systemd-suggest.sh} "''${oldGenPath-}" "$newGenPath"${lib.optionalString (!since "24.11") " templates"}
            ''
        }
        unset newUnitsDir oldUnitsDir
      else
        echo "User systemd daemon not running. Skipping reload."
      fi
      unset systemdStatus
    '';
  };
}
