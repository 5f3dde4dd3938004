# Locale data for programs of the channel.
{ config, lib, pkgs, nixosConfig, ... }:
let
  variables.LOCALE_ARCHIVE_2_27 = "${config.i18n.glibcLocales}/lib/locale/locale-archive";
in
{
  options.i18n.glibcLocales = lib.mkOption {
    type = lib.types.path;
    default = nixosConfig.i18n.glibcLocales or pkgs.glibcLocales;
    description = "The package that LOCALE_ARCHIVE points into.";
  };
  config = lib.mkIf pkgs.stdenv.hostPlatform.isLinux {
    home.sessionVariables = variables;
    systemd.user.sessionVariables = variables;
  };
}
