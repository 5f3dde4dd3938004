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
    service = [
      (lib.hasInfix "ExecStart=/bin/true" (config [ { systemd.services.x = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart = "/bin/true"; }; } ]).system.build.etc.entries)
      false
    ];
    service-linked = [ (lib.filter (lib.hasInfix "/x.service") (builtins.attrNames (config [ { systemd.services.x = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart = "/bin/true"; }; } ]).environment.etc)) [ "systemd/system/multi-user.target.wants/x.service" "systemd/system/x.service" ] ];
    timer-of-start-at = [ (config [ { systemd.services.x.startAt = "daily"; } ]).systemd.timers.x.timerConfig.OnCalendar [ "daily" ] ];
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
    unmodelled = {
      expr = (config [ { services.openssh.enable = true; } ]).system.build.toplevel.drvPath;
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
