# The empty home that `home-manager uninstall` switches to.
{ config, lib, ... }:
{
  options.uninstall = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = "Whether to set up a minimal configuration that will remove all managed files and packages.";
  };
  config = lib.mkIf config.uninstall {
    home.packages = lib.mkForce [ ];
    home.file = lib.mkForce { };
    home.stateVersion = lib.mkForce config.home.version.release;
    home.enableNixpkgsReleaseCheck = lib.mkForce false;
    manual.manpages.enable = lib.mkForce false;
    news.display = lib.mkForce "silent";
    home.activation.uninstall = lib.hm.dag.entryAfter [ "installPackages" "linkGeneration" ] ''
      nixProfileRemove home-manager-path
      if [[ -e $hmDataPath ]]; then run rm $VERBOSE_ARG -r "$hmDataPath"; fi
      if [[ -e $hmStatePath ]]; then run rm $VERBOSE_ARG -r "$hmStatePath"; fi
      if [[ -e $genProfilePath ]]; then run rm $VERBOSE_ARG "$genProfilePath"*; fi
      if [[ -e $legacyGenGcPath ]]; then run rm $VERBOSE_ARG "$legacyGenGcPath"; fi
    '';
  };
}
