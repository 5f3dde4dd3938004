# A service per user activates the user's home.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (import ../modules/lib/since.nix) since;
  cfg = config.home-manager;
  driver = lib.optionalString (since "25.11") " --driver-version ${if cfg.enableLegacyProfileManagement then "0" else "1"}";
  # The activation runs in a login shell, with what the user's session exports.
  setup = pkgs.writeScript "hm-setup-env" ''
    #! ${pkgs.runtimeShell} -el
    eval "$(
      XDG_RUNTIME_DIR=''${XDG_RUNTIME_DIR:-/run/user/$UID} systemctl --user show-environment 2> /dev/null \
      | sed -En '/^(DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_RUNTIME_DIR)=/s/^/export /p'
    )"
    exec "$1/activate"${driver}
  '';
  service = _: user: lib.nameValuePair "home-manager-${utils.escapeSystemdPath user.home.username}" {
    description = "Home Manager environment for ${user.home.username}";
    wantedBy = [ "multi-user.target" ];
    wants = [ "nix-daemon.socket" ];
    after = [ "nix-daemon.socket" "nixos-activation.service" ];
    before = [ "systemd-user-sessions.service" ];
    stopIfChanged = false;
    unitConfig.RequiresMountsFor = user.home.homeDirectory;
    environment = lib.optionalAttrs (since "26.05") { QT_QPA_PLATFORM = "offscreen"; }
    // lib.optionalAttrs cfg.verbose { VERBOSE = "1"; }
    // lib.optionalAttrs (cfg.backupCommand or null != null) { HOME_MANAGER_BACKUP_COMMAND = "${cfg.backupCommand}"; }
    // lib.optionalAttrs (cfg.backupFileExtension != null) { HOME_MANAGER_BACKUP_EXT = cfg.backupFileExtension; }
    // lib.optionalAttrs (cfg.overwriteBackup or false) { HOME_MANAGER_BACKUP_OVERWRITE = "1"; };
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = "yes";
      TimeoutStartSec = "5m";
      SyslogIdentifier = "hm-activate-${user.home.username}";
      User = user.home.username;
      ExecStart = "${setup} ${user.home.activationPackage}";
    };
  };
in
{
  imports = [ ./common.nix ];
  config = lib.mkMerge [
    { home-manager.extraSpecialArgs.nixosConfig = config; }
    (lib.mkIf (cfg.users != { }) { systemd.services = lib.mapAttrs' service cfg.users; })
  ];
}
