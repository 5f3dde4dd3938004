# A NixOS system, and Home Manager as its module.
{ lib, pkgs, channel, ... }:
let
  system =
    modules:
    import (channel + "/nixpkgs/nixos/lib/eval-config.nix") {
      inherit lib;
      modules = [ { nixpkgs.hostPlatform = "x86_64-linux"; networking.hostName = "host"; system.stateVersion = "26.05"; } ] ++ modules;
    };
  config = modules: (system modules).config;
  # A system that says nothing itself.
  bare = args: (import (channel + "/nixpkgs/nixos/lib/eval-config.nix") ({ inherit lib; system = null; } // args)).config;
  service = x: (config [ { systemd.services.x = x; } ]).systemd.services.x;
  build = module: (config [ alice module ]).system.build.toplevel.drvPath;
  alice = { users.users.alice.isNormalUser = true; };
  hm = module: [
    alice
    (channel + "/home-manager/nixos")
    { home-manager.users.alice = { home.stateVersion = "26.05"; }; }
    module
  ];
  names = map (p: p.name);
in
{
  equal = {
    toplevel = [ (config [ ]).system.build.toplevel.name "nixos-system-host-26.05pre-pocket" ];
    builds = [ (lib.isString (config (hm { home-manager.useUserPackages = true; })).system.build.toplevel.drvPath) true ];
    normal-user = [ (let u = (config [ alice ]).users.users.alice; in [ u.home u.group u.createHome (lib.getName u.shell) ]) [ "/home/alice" "users" true "bash" ] ];
    etc = [ (config [ { environment.etc."a/b".text = "x"; } ]).environment.etc."a/b".target "a/b" ];
    system-packages = [ (lib.any (p: p.name == pkgs.tree.name) (config [ ({ pkgs, ... }: { environment.systemPackages = [ pkgs.tree ]; }) ]).environment.systemPackages) true ];
    shells-of-users = [
      (
        let
          own = { pkgs, ... }: { users.users.alice = { shell = pkgs.zsh; ignoreShellProgramCheck = true; }; };
        in
        lib.count (p: p.name == pkgs.zsh.name) (config [ alice own ]).environment.systemPackages
      )
      1
    ];
    service = [
      (lib.hasInfix "ExecStart=/bin/true" (config [ { systemd.services.x = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart = "/bin/true"; }; } ]).system.build.etc.entries)
      false
    ];
    service-linked = [ (lib.filter (lib.hasInfix "/x.service") (builtins.attrNames (config [ { systemd.services.x = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart = "/bin/true"; }; } ]).environment.etc)) [ "systemd/system/multi-user.target.wants/x.service" "systemd/system/x.service" ] ];
    # What a system adds to a unit that is there already.
    drop-in = [
      (
        let
          x = { overrideStrategy = "asDropin"; environment.A = "b"; wantedBy = [ "y.target" ]; };
        in
        lib.filter (lib.hasInfix "x.service") (builtins.attrNames (config [ { systemd.services = { inherit x; }; } ]).environment.etc)
      )
      [ "systemd/system/x.service.d/overrides.conf" "systemd/system/y.target.wants/x.service" ]
    ];
    accepted-lists-join = [
      (config [
        { boot.kernelModules = [ "a" ]; boot.loader.grub.devices = [ "x" ]; }
        { boot.kernelModules = [ "b" ]; boot.loader.timeout = 3; boot.absent = lib.mkIf false 1; }
      ]).boot
      { kernelModules = [ "a" "b" ]; loader = { grub.devices = [ "x" ]; timeout = 3; }; }
    ];
    accepted-elsewhere = [
      (config [ { networking.firewall.allowedTCPPorts = [ 1 ]; } { networking.firewall.allowedTCPPorts = [ 2 ]; } ]).networking.firewall
      { allowedTCPPorts = [ 2 1 ]; }
    ];
    timer-of-start-at = [ (config [ { systemd.services.x.startAt = "daily"; } ]).systemd.timers.x.timerConfig.OnCalendar [ "daily" ] ];
    timer-of-a-user-service = [ (config [ { systemd.user.services.x.startAt = "daily"; } ]).systemd.user.timers.x.timerConfig.OnCalendar [ "daily" ] ];
    keys-of-two-modules = [
      (lib.length
        (config [
          { users.users.alice.openssh.authorizedKeys.keys = [ "a" ]; }
          { users.users.alice.openssh.authorizedKeys.keys = [ "b" ]; }
        ]).users.users.alice.openssh.authorizedKeys.keys)
      2
    ];
    script-is-readable = [ (lib.hasSuffix "-unit-script-x-start -v" (service { script = "a"; scriptArgs = "-v"; }).serviceConfig.ExecStart) true ];
    pre-start-joins = [
      (map (lib.hasSuffix "-unit-script-x-pre-start") (service { preStart = "a"; serviceConfig.ExecStartPre = "/b"; }).serviceConfig.ExecStartPre)
      [ true false ]
    ];
    script-forced = [ (service { script = "a"; serviceConfig.ExecStart = lib.mkForce "/b"; }).serviceConfig.ExecStart "/b" ];
    unit-settings = [ (service { after = [ "a.service" "b.target" ]; }).unitConfig { After = "a.service b.target"; } ];
    upheld = [ ((config [ { systemd.services.x = { script = "a"; upheldBy = [ "y.target" ]; }; } ]).environment.etc ? "systemd/system/y.target.upholds/x.service") true ];
    small-uid = [ (lib.isString (build { users.users.x = { uid = 500; group = "users"; }; })) true ];
    base-groups = [ (lib.isString (build { users.users.x = { isSystemUser = true; group = "audio"; }; })) true ];
    group-members = [ (config [ { users.users.alice = { isNormalUser = true; extraGroups = [ "wheel" ]; }; } ]).users.groups.wheel.members [ "alice" ] ];
    immutable-users = [ (lib.isString (build { users.mutableUsers = false; users.users.alice = { extraGroups = [ "wheel" ]; initialPassword = "a"; }; })) true ];
    text-forced-over-source = [
      (lib.hasSuffix "-etc-x" (config [ { environment.etc.x.source = ./nixos.nix; } { environment.etc.x.text = lib.mkForce "t"; } ]).environment.etc.x.source)
      true
    ];
    etc-owner = [ (let e = (config [ { environment.etc.x = { text = "t"; mode = "0600"; uid = 7; gid = 8; }; } ]).environment.etc.x; in [ e.user e.group ]) [ "+7" "+8" ] ];
    platform-by-argument = [ (bare { system = "aarch64-linux"; }).nixpkgs.system "aarch64-linux" ];
    platform-readable = [ (config [ ]).nixpkgs.hostPlatform.system "x86_64-linux" ];
    given-pkgs = [ (lib.isString (bare { inherit pkgs; modules = [ { system.stateVersion = "26.05"; } ]; }).system.build.toplevel.drvPath) true ];
    generated-hardware-configuration = [
      (config [ ({ config, lib, modulesPath, ... }: { imports = [ (modulesPath + "/installer/scan/not-detected.nix") (modulesPath + "/profiles/qemu-guest.nix") ]; hardware.cpu.intel.updateMicrocode = lib.mkDefault config.hardware.enableRedistributableFirmware; }) ]).hardware.cpu.intel.updateMicrocode
      true
    ];
    home-service = [ (config (hm { })).systemd.services.home-manager-alice.serviceConfig.User "alice" ];
    home-user = [ (config (hm { })).home-manager.users.alice.home.homeDirectory "/home/alice" ];
    user-packages = [ (names (config (hm { home-manager.useUserPackages = true; })).users.users.alice.packages) [ "home-manager-path" ] ];
    user-packages-off = [ (config (hm { })).users.users.alice.packages [ ] ];
    profile-directory = [ (config (hm { home-manager.useUserPackages = true; })).home-manager.users.alice.home.profileDirectory "/etc/profiles/per-user/alice" ];
    backup-extension = [ (config (hm { home-manager.backupFileExtension = "bak"; })).systemd.services.home-manager-alice.environment.HOME_MANAGER_BACKUP_EXT "bak" ];
    shared-modules = [ (config (hm { home-manager.sharedModules = [ { home.file.s.text = "s"; } ]; })).home-manager.users.alice.home.file.s.text "s" ];
    special-args = [ (config (hm { home-manager.extraSpecialArgs.who = "me"; home-manager.users.alice = { who, ... }: { home.file.w.text = who; }; })).home-manager.users.alice.home.file.w.text "me" ];
    os-config = [ (config (hm { home-manager.users.alice = { osConfig, ... }: { home.file.h.text = osConfig.networking.hostName; }; })).home-manager.users.alice.home.file.h.text "host" ];
    global-pkgs = [
      (lib.any (p: p.name or "" == "hello-6") (config (hm ({ home-manager.useGlobalPkgs = true; nixpkgs.overlays = [ (_: p: { hello = p.hello.overrideAttrs { version = "6"; }; }) ]; home-manager.users.alice = { pkgs, ... }: { home.packages = [ pkgs.hello ]; }; }))).home-manager.users.alice.home.packages)
      true
    ];
    # Without useGlobalPkgs a home has packages of its own, without the system's overlays.
    own-pkgs = [
      (lib.any (p: p.name or "" == "hello-6") (config (hm ({ nixpkgs.overlays = [ (_: p: { hello = p.hello.overrideAttrs { version = "6"; }; }) ]; home-manager.users.alice = { pkgs, ... }: { home.packages = [ pkgs.hello ]; }; }))).home-manager.users.alice.home.packages)
      false
    ];
    global-pkgs-warning = [
      (map (lib.hasPrefix "alice profile: You have set either `nixpkgs.config` or `nixpkgs.overlays` while using `home-manager.useGlobalPkgs`.") (config (hm { home-manager.useGlobalPkgs = true; home-manager.users.alice.nixpkgs.config.allowUnfree = true; })).warnings)
      [ true ]
    ];
  };
  refused = {
    no-user-kind = {
      expr = (config [ { users.users.x = { group = "users"; }; } ]).system.build.toplevel.drvPath;
      says = "Exactly one of users.users.x.isSystemUser and users.users.x.isNormalUser must be set.";
    };
    home-without-state-version = {
      expr = (config [ alice (channel + "/home-manager/nixos") { home-manager.users.alice = { }; } ]).system.build.toplevel.drvPath;
      says = "The option `home-manager.users.alice.home.stateVersion' was accessed but has no value defined. Try setting the option.";
    };
    unknown-in-a-namespace = {
      expr = (config [ { _file = "host.nix"; services.openssh.enable = true; } ]).system.build.toplevel.drvPath;
      says = "The option `services.openssh' does not exist. Definition values: - In `host.nix'";
    };
    unmodelled = {
      expr = (config [ { services.openssh.enable = true; } ]).system.build.toplevel.drvPath;
      says = "run this scenario on the real channel";
    };
    script-and-exec-start = {
      expr = (service { script = "a"; serviceConfig.ExecStart = "/b"; }).serviceConfig.ExecStart;
      says = "The option `systemd.services.x.serviceConfig.ExecStart' has conflicting definition values:";
    };
    number-in-environment = {
      expr = (service { environment.PORT = 80; }).environment;
      says = "A definition for option `systemd.services.x.environment.PORT' is not of type `null or string or ";
    };
    unit-name = {
      expr = (service { after = [ "network" ]; }).after;
      says = "is not of type `string matching the pattern [a-zA-Z0-9@%:_.\\-]+[.](service|socket|device|mount|automount|swap|target|path|timer|scope|slice)'.";
    };
    same-uid = {
      expr = build { users.users.alice.uid = 1000; users.users.bob = { isNormalUser = true; uid = 1000; }; };
      says = "UIDs and GIDs must be unique!";
    };
    base-gid = {
      expr = build { users.groups.mine.gid = 17; };
      says = "UIDs and GIDs must be unique!";
    };
    normal-user-with-small-uid = {
      expr = build { users.users.alice.uid = 500; };
      says = "A user cannot have a users.users.alice.uid set below 1000 and set users.users.alice.isNormalUser.";
    };
    undeclared-group = {
      expr = build { users.users.alice.group = "nope"; };
      says = "The following users have a primary group that is undefined: alice Hint: Add this to your NixOS configuration: users.groups.nope = {};";
    };
    nobody-can-log-in = {
      expr = build { users.mutableUsers = false; };
      says = "Neither the root account nor any wheel user has a password or SSH authorized key.";
    };
    text-and-source = {
      expr = (config [ { environment.etc.x.source = ./nixos.nix; } { environment.etc.x.text = "t"; } ]).environment.etc.x.source;
      says = "The option `environment.etc.x.source' has conflicting definition values:";
    };
    no-platform = {
      expr = (bare { }).system.build.toplevel.drvPath;
      says = "Neither nixpkgs.hostPlatform nor the legacy option nixpkgs.system has been set.";
    };
    config-for-given-pkgs = {
      expr = (bare { inherit pkgs; modules = [ { nixpkgs.config.allowUnfree = true; system.stateVersion = "26.05"; } ]; }).system.build.toplevel.drvPath;
      says = "Your system configures nixpkgs with an externally created instance. `nixpkgs.config` options should be passed when creating the instance instead.";
    };
    unmodelled-first-name = {
      expr = build { zramSwap.enable = true; };
      says = "run this scenario on the real channel";
    };
    shell-not-enabled = {
      expr = (config [ alice ({ pkgs, ... }: { users.users.alice.shell = pkgs.zsh; }) ]).system.build.toplevel.drvPath;
      says = "users.users.alice.shell is set to zsh, but programs.zsh.enable is not true.";
    };
    unfree = {
      expr = (config [ ({ pkgs, ... }: { environment.systemPackages = [ pkgs.hello-unfree ]; }) ]).system.build.toplevel.drvPath;
      says = "has an unfree license (‘unfree’), refusing to evaluate.";
    };
  };
}
