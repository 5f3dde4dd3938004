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
  listOf = type: description: mkOption {
    type = types.listOf type;
    default = [ ];
    inherit description;
  };
  names = listOf (types.strMatching "[a-zA-Z0-9@%:_.\\-]+[.](service|socket|device|mount|automount|swap|target|path|timer|scope|slice)") "Names of units.";
  # Lists are settings that may be repeated; they join, also with single values.
  setting = types.mkOptionType {
    name = "systemd option";
    merge =
      loc: defs:
      let
        kept = lib.modules.filterOverrides defs;
      in
      if lib.any (d: lib.isList d.value) kept then lib.concatMap (d: lib.toList d.value) kept else lib.mergeEqualOption loc kept;
  };
  section = mkOption {
    type = types.attrsOf setting;
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
    documentation = listOf types.str "References for this unit.";
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
    upheldBy = names;
    aliases = names;
    unitConfig = section;
    overrideStrategy = mkOption {
      type = types.enum [ "asDropinIfExists" "asDropin" ];
      default = "asDropinIfExists";
      description = "How to set what a unit of the guest's own already says: in any case in a drop-in, or only where the guest has such a unit.";
    };
  };
  service = common // {
    serviceConfig = section;
    environment = mkOption {
      type = types.attrsOf (types.nullOr (types.oneOf [ types.str types.path types.package ]));
      default = { };
      description = "Environment variables passed to the service's processes.";
    };
    path = listOf (types.oneOf [ types.package types.str ]) "Packages added to the service's PATH.";
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
    restartTriggers = listOf types.unspecified "Values that restart the service when they change.";
    reloadTriggers = listOf types.unspecified "Values that reload the service when they change.";
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
    socket = common // { socketConfig = section; listenStreams = listOf types.str "Addresses to listen on."; listenDatagrams = listOf types.str "Addresses to listen on."; };
    path = common // { pathConfig = section; };
    target = common;
    slice = common // { sliceConfig = section; };
  };

  # What other options say about the unit, as settings that modules can read.
  list = key: xs: lib.optionalAttrs (xs != [ ]) { ${key} = lib.concatStringsSep " " xs; };
  fromUnit =
    { config, ... }:
    {
      config.unitConfig =
        list "After" config.after
        // list "Before" config.before
        // list "Wants" config.wants
        // list "Requires" config.requires
        // list "Requisite" config.requisite
        // list "BindsTo" config.bindsTo
        // list "PartOf" config.partOf
        // list "Conflicts" config.conflicts
        // list "Upholds" config.upholds
        // list "OnFailure" config.onFailure
        // list "OnSuccess" config.onSuccess
        // list "Documentation" config.documentation
        // lib.optionalAttrs (config.description != "") { Description = config.description; }
        // lib.optionalAttrs (config.restartTriggers or [ ] != [ ]) { X-Restart-Triggers = map toString config.restartTriggers; }
        // lib.optionalAttrs (config.reloadTriggers or [ ] != [ ]) { X-Reload-Triggers = map toString config.reloadTriggers; };
    };
  fromScripts =
    { name, config, ... }:
    let
      made = phase: code: "${pkgs.writeShellScript "unit-script-${lib.replaceStrings [ "\\" "@" ":" ] [ "-" "_" "-" ] name}-${phase}" "set -e\n${code}"}";
      one = key: phase: code: lib.mkIf (code != "") { ${key} = made phase code; };
      more = key: phase: code: lib.mkIf (code != "") { ${key} = [ (made phase code) ]; };
    in
    {
      config.serviceConfig = lib.mkMerge [
        (more "ExecStartPre" "pre-start" config.preStart)
        (lib.mkIf (config.script != "") { ExecStart = made "start" config.script + " " + config.scriptArgs; })
        (more "ExecStartPost" "post-start" config.postStart)
        (one "ExecReload" "reload" config.reload)
        (one "ExecStop" "pre-stop" config.preStop)
        (one "ExecStopPost" "post-stop" config.postStop)
      ];
    };

  text = v: if builtins.isBool v then lib.boolToString v else toString v;
  settings = set: lib.concatStrings (lib.mapAttrsToList (k: v: lib.concatMapStrings (x: "${k}=${text x}\n") (lib.toList v)) set);
  ini = name: body: lib.optionalString (body != "") "[${name}]\n${body}\n";
  serviceText =
    u:
    let
      path = lib.concatStringsSep ":" (
        map (p: "${lib.getBin p}/bin") (u.path ++ lib.optionals u.enableDefaultPath [ pkgs.coreutils pkgs.findutils pkgs.gnugrep pkgs.gnused ])
        ++ [ "/usr/bin" "/bin" ]
      );
      environment = lib.filterAttrs (_: v: v != null) ({ PATH = path; } // u.environment);
    in
    # Lines of their own, so that serviceConfig.Environment adds to them.
    settings { Environment = lib.mapAttrsToList (n: v: builtins.toJSON "${n}=${v}") environment; }
    + settings u.serviceConfig
    + settings (
      lib.optionalAttrs (!u.restartIfChanged && !u.reloadIfChanged) { X-RestartIfChanged = false; }
      // lib.optionalAttrs u.reloadIfChanged { X-ReloadIfChanged = true; }
      // lib.optionalAttrs (!u.stopIfChanged) { X-StopIfChanged = false; }
    );
  # The section of its own, for the kinds of units that have one.
  sections = {
    service = u: ini "Service" (serviceText u);
    timer = u: ini "Timer" (settings u.timerConfig);
    socket = u: ini "Socket" (settings u.socketConfig + settings { ListenStream = u.listenStreams; ListenDatagram = u.listenDatagrams; });
    path = u: ini "Path" (settings u.pathConfig);
    target = _: "";
    slice = u: ini "Slice" (settings u.sliceConfig);
  };
  # The units that the guest has already, in /usr/lib/systemd; known when the channel is installed into it.
  guestUnits = if builtins.pathExists ./guest-units.json then lib.importJSON ./guest-units.json else { };
  filesOf =
    dir: kind: name: u:
    let
      file = "${name}.${kind}";
      isOwn = lib.elem file guestUnits.${dir} or [ ];
      isDropin = u.overrideStrategy == "asDropin" || u.enable && isOwn;
      target = if isDropin then "${file}.d/overrides.conf" else file;
      content = pkgs.writeTextFile {
        name = "unit-${lib.replaceStrings [ "@" ":" "\\" ] [ "-" "-" "-" ] file}";
        destination = "/${file}";
        text = ini "Unit" (settings u.unitConfig) + sections.${kind} u;
      };
      source = if u.enable then "${content}/${file}" else "/dev/null";
      unit = if isDropin then "/usr/lib/${dir}/${file}" else source;
      wanted = suffix: targets: map (t: lib.nameValuePair "${dir}/${t}.${suffix}/${file}" { source = unit; }) (if u.enable then targets else [ ]);
    in
    [ (lib.nameValuePair "${dir}/${target}" { inherit source; }) ]
    ++ wanted "wants" u.wantedBy
    ++ wanted "requires" u.requiredBy
    ++ wanted "upholds" u.upheldBy
    ++ map (a: lib.nameValuePair "${dir}/${a}" { source = unit; }) u.aliases;
  allFiles =
    dir: set:
    lib.listToAttrs (
      lib.concatMap (kind: lib.concatLists (lib.mapAttrsToList (filesOf dir kind) set."${kind}s")) (builtins.attrNames kinds)
    );
  unitOptions = lib.mapAttrs' (
    kind: options:
    lib.nameValuePair "${kind}s" (mkOption {
      type = types.attrsOf (types.submodule (
        [ { inherit options; } fromUnit ] ++ lib.optional (kind == "service") fromScripts
      ));
      default = { };
      description = "Definition of systemd ${kind} units.";
    })
  ) kinds;
  atTimers = services: lib.mapAttrs (_: s: {
    wantedBy = [ "timers.target" ];
    timerConfig.OnCalendar = s.startAt;
  }) (lib.filterAttrs (_: s: s.startAt != [ ]) services);
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
    systemd.timers = atTimers cfg.services;
    systemd.user.timers = atTimers cfg.user.services;
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
