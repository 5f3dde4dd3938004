# Units of the system's service manager, added to the guest's own.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.systemd;
  names = mkOption {
    type = types.listOf types.str;
    default = [ ];
    description = "Names of units.";
  };
  value = types.nullOr (types.oneOf [ types.bool types.int types.float types.str types.path types.package ]);
  section = mkOption {
    type = types.attrsOf (types.either value (types.listOf value));
    default = { };
    description = "Settings of this section of the unit.";
  };
  lines = mkOption {
    type = types.lines;
    default = "";
    description = "Shell code.";
  };
  yes = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };

  common = {
    enable = yes true "If false, the unit is masked.";
    description = mkOption {
      type = types.str;
      default = "";
      description = "Description of this unit.";
    };
    documentation = names;
    after = names;
    before = names;
    wants = names;
    requires = names;
    requisite = names;
    bindsTo = names;
    partOf = names;
    conflicts = names;
    upholds = names;
    onFailure = names;
    onSuccess = names;
    wantedBy = names;
    requiredBy = names;
    aliases = names;
    unitConfig = section;
    overrideStrategy = mkOption {
      type = types.str;
      default = "asDropinIfExists";
      description = "Accepted; units are always whole.";
    };
  };
  service = common // {
    serviceConfig = section;
    environment = mkOption {
      type = types.attrsOf (types.nullOr (types.oneOf [ types.str types.path types.package types.int ]));
      default = { };
      description = "Environment variables passed to the service's processes.";
    };
    path = mkOption {
      type = types.listOf (types.oneOf [ types.package types.str ]);
      default = [ ];
      description = "Packages added to the service's PATH.";
    };
    script = lines;
    preStart = lines;
    postStart = lines;
    preStop = lines;
    postStop = lines;
    reload = lines;
    scriptArgs = mkOption {
      type = types.str;
      default = "";
      description = "Arguments of the script.";
    };
    restartIfChanged = yes true "Whether to restart the service when it changed.";
    reloadIfChanged = yes false "Whether to reload instead.";
    stopIfChanged = yes true "Whether to stop before and start after instead of restarting.";
    restartTriggers = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      description = "Values that restart the service when they change.";
    };
    reloadTriggers = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      description = "Values that reload the service when they change.";
    };
    startAt = mkOption {
      type = types.coercedTo types.str lib.toList (types.listOf types.str);
      default = [ ];
      description = "When to start this unit.";
    };
    enableDefaultPath = yes true "Whether the usual programs are on the PATH.";
  };
  kinds = {
    service = service;
    timer = common // { timerConfig = section; };
    socket = common // { socketConfig = section; listenStreams = names; listenDatagrams = names; };
    path = common // { pathConfig = section; };
    target = common;
    slice = common // { sliceConfig = section; };
  };

  text = v: if builtins.isBool v then lib.boolToString v else toString v;
  ini =
    name: settings:
    let
      line = k: v: if v == null then "" else lib.concatMapStrings (x: "${k}=${text x}\n") (lib.toList v);
      body = lib.concatStrings (lib.mapAttrsToList line settings);
    in
    lib.optionalString (body != "") "[${name}]\n${body}\n";
  list = key: xs: lib.optionalAttrs (xs != [ ]) { ${key} = lib.concatStringsSep " " xs; };
  unitSection =
    u:
    list "After" u.after
    // list "Before" u.before
    // list "Wants" u.wants
    // list "Requires" u.requires
    // list "Requisite" u.requisite
    // list "BindsTo" u.bindsTo
    // list "PartOf" u.partOf
    // list "Conflicts" u.conflicts
    // list "Upholds" u.upholds
    // list "OnFailure" u.onFailure
    // list "OnSuccess" u.onSuccess
    // list "Documentation" u.documentation
    // lib.optionalAttrs (u.description != "") { Description = u.description; }
    // lib.optionalAttrs (u ? restartTriggers && u.restartTriggers != [ ]) { X-Restart-Triggers = map toString u.restartTriggers; }
    // lib.optionalAttrs (u ? reloadTriggers && u.reloadTriggers != [ ]) { X-Reload-Triggers = map toString u.reloadTriggers; }
    // u.unitConfig;
  makeScript = name: phase: code: "${pkgs.writeShellScript "unit-script-${name}-${phase}" "set -e\n${code}"}";
  serviceText =
    name: u:
    let
      phase = key: field: code: lib.optionalAttrs (code != "") { ${key} = makeScript name field code; };
      path = lib.concatStringsSep ":" (
        map (p: "${lib.getBin p}/bin") (u.path ++ lib.optionals u.enableDefaultPath [ pkgs.coreutils pkgs.findutils pkgs.gnugrep pkgs.gnused ])
        ++ [ "/usr/bin" "/bin" ]
      );
      environment = lib.filterAttrs (_: v: v != null) ({ PATH = path; } // u.environment);
    in
    ini "Unit" (unitSection u)
    + ini "Service" (
      { Environment = lib.mapAttrsToList (n: v: builtins.toJSON "${n}=${toString v}") environment; }
      // phase "ExecStart" "start" u.script
      // phase "ExecStartPre" "pre-start" u.preStart
      // phase "ExecStartPost" "post-start" u.postStart
      // phase "ExecStop" "pre-stop" u.preStop
      // phase "ExecStopPost" "post-stop" u.postStop
      // phase "ExecReload" "reload" u.reload
      // lib.optionalAttrs (!u.restartIfChanged) { X-RestartIfChanged = false; }
      // lib.optionalAttrs u.reloadIfChanged { X-ReloadIfChanged = true; }
      // lib.optionalAttrs (!u.stopIfChanged) { X-StopIfChanged = false; }
      // u.serviceConfig
    );
  unitText = {
    service = serviceText;
    timer = _: u: ini "Unit" (unitSection u) + ini "Timer" u.timerConfig;
    socket = _: u: ini "Unit" (unitSection u) + ini "Socket" (u.socketConfig // lib.optionalAttrs (u.listenStreams != [ ]) { ListenStream = u.listenStreams; } // lib.optionalAttrs (u.listenDatagrams != [ ]) { ListenDatagram = u.listenDatagrams; });
    path = _: u: ini "Unit" (unitSection u) + ini "Path" u.pathConfig;
    target = _: u: ini "Unit" (unitSection u);
    slice = _: u: ini "Unit" (unitSection u) + ini "Slice" u.sliceConfig;
  };
  filesOf =
    dir: kind: name: u:
    let
      file = "${name}.${kind}";
      content = pkgs.writeTextFile {
        name = "unit-${lib.replaceStrings [ "@" ":" "\\" ] [ "-" "-" "-" ] file}";
        destination = "/${file}";
        text = unitText.${kind} name u;
      };
      source = if u.enable then "${content}/${file}" else "/dev/null";
      wanted = suffix: targets: map (t: lib.nameValuePair "${dir}/${t}.${suffix}/${file}" { inherit source; }) (if u.enable then targets else [ ]);
    in
    [ (lib.nameValuePair "${dir}/${file}" { inherit source; }) ]
    ++ wanted "wants" u.wantedBy
    ++ wanted "requires" u.requiredBy
    ++ map (a: lib.nameValuePair "${dir}/${a}" { inherit source; }) u.aliases;
  allFiles =
    dir: set:
    lib.listToAttrs (
      lib.concatMap (kind: lib.concatLists (lib.mapAttrsToList (filesOf dir kind) set."${kind}s")) (builtins.attrNames kinds)
    );
  unitOptions = lib.mapAttrs' (
    kind: options:
    lib.nameValuePair "${kind}s" (mkOption {
      type = types.attrsOf (types.submodule { inherit options; });
      default = { };
      description = "Definition of systemd ${kind} units.";
    })
  ) kinds;
  atTimers = lib.mapAttrs (_: s: {
    wantedBy = [ "timers.target" ];
    timerConfig.OnCalendar = s.startAt;
  }) (lib.filterAttrs (_: s: s.startAt != [ ]) cfg.services);
in
{
  options.systemd = unitOptions // {
    user = unitOptions;
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Accepted; changes nothing on the pocket channel.";
    };
    tmpfiles.rules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Rules for creation, deletion and cleaning of volatile and temporary files.";
    };
  };
  config = {
    systemd.timers = atTimers;
    environment.etc = lib.mkMerge [
      (allFiles "systemd/system" cfg)
      (allFiles "systemd/user" cfg.user)
      (lib.mkIf (cfg.tmpfiles.rules != [ ]) {
        "tmpfiles.d/00-nixos.conf".text = lib.concatStringsSep "\n" cfg.tmpfiles.rules + "\n";
      })
    ];
    system.activationScripts.tmpfiles = lib.mkIf (cfg.tmpfiles.rules != [ ]) {
      deps = [ "etc" ];
      text = "systemd-tmpfiles --create /etc/tmpfiles.d/00-nixos.conf\n";
    };
    # NixOS activates before its service manager runs; here that is starting
    # units already.
    systemd.services.nixos-activation = {
      description = "NixOS Activation";
      wantedBy = [ "sysinit.target" ];
      after = [ "local-fs.target" "systemd-tmpfiles-setup.service" ];
      before = [ "sysinit.target" ];
      unitConfig.DefaultDependencies = false;
      unitConfig.ConditionPathExists = [ "/nix/var/nix/profiles/system/activate" "!/run/current-system" ];
      restartIfChanged = false;
      enableDefaultPath = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "/bin/bash ${./activate-at-boot.sh}";
      };
    };
  };
}
