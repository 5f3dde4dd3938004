{
  config,
  lib,
  pkgs,
  ...
}:
{
  options.programs.man = {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = "Whether to enable manual pages and the man command.";
    };
    package = lib.mkPackageOption pkgs "man-db" { nullable = (import ../lib/since.nix).since "26.05"; };
  };
  config = lib.mkIf config.programs.man.enable {
    home.packages = lib.optional (config.programs.man.package != null) config.programs.man.package;
    home.extraOutputsToInstall = [ "man" ];
  };
}
