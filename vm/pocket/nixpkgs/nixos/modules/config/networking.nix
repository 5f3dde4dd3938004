# The host's name, its time and its language.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  taken = mkOption {
    type = import ../../lib/accepted.nix { inherit lib; };
    default = { };
    description = "Accepted; changes nothing on the pocket channel.";
  };
in
{
  options = {
    networking = {
      hostName = mkOption {
        type = types.strMatching "^$|^[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?$";
        default = "nixos";
        description = "The name of the machine.";
      };
      domain = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "The domain.";
      };
      firewall = taken;
      networkmanager = taken;
      useDHCP = mkOption {
        type = types.bool;
        default = true;
        description = "Accepted; the guest's network is its host's business.";
      };
    };
    time.timeZone = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The time zone.";
    };
    i18n = {
      defaultLocale = mkOption {
        type = types.str;
        default = "en_US.UTF-8";
        description = "The default locale. The guest's own is C.UTF-8 and stays.";
      };
      extraLocaleSettings = taken;
      supportedLocales = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Accepted; changes nothing on the pocket channel.";
      };
      glibcLocales = mkOption {
        type = types.raw;
        internal = true;
        description = "Locale data.";
      };
    };
  };
  config = {
    environment.etc.hostname = lib.mkIf (config.networking.hostName != "") { text = config.networking.hostName + "\n"; };
    environment.sessionVariables = lib.mkIf (config.time.timeZone != null) { TZ = config.time.timeZone; };
    system.activationScripts.hostname = lib.mkIf (config.networking.hostName != "") ''
      hostname ${lib.escapeShellArg config.networking.hostName} 2>/dev/null || true
      grep -q '[[:space:]]${config.networking.hostName}$' /etc/hosts 2>/dev/null || echo '127.0.0.2 ${config.networking.hostName}' >> /etc/hosts
    '';
  };
}
