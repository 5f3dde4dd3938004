# /run/current-system/sw: the packages of everybody.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.environment;
  # What a system cannot do without.
  required = map (lib.setPrio ((pkgs.bash.meta.priority or 5) + 3)) (
    with pkgs;
    [ bash coreutils curl diffutils findutils gawk gnugrep gnupatch gnused gnutar gzip xz less ncurses openssh procps nixos-rebuild ]
  );
in
{
  options = {
    environment = {
      systemPackages = mkOption {
        type = types.listOf types.package;
        default = [ ];
        description = "The set of packages that appear in /run/current-system/sw.";
      };
      corePackages = mkOption {
        type = types.listOf types.package;
        default = required;
        description = "Packages that every system has.";
      };
      defaultPackages = mkOption {
        type = types.listOf types.package;
        default = map (lib.setPrio 8) [ pkgs.rsync pkgs.strace ];
        description = "Packages that are there unless this is set to something else.";
      };
      pathsToLink = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "List of directories to be symlinked in /run/current-system/sw.";
      };
      extraOutputsToInstall = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Additional package outputs.";
      };
      extraSetup = mkOption {
        type = types.lines;
        default = "";
        description = "Shell fragments to be run after the system environment has been created.";
      };
    };
    system.path = mkOption {
      internal = true;
      description = "The packages you want in the boot environment.";
    };
  };
  config = {
    environment.systemPackages = cfg.corePackages ++ cfg.defaultPackages;
    environment.pathsToLink = [
      "/bin"
      "/etc/xdg"
      "/etc/gtk-2.0"
      "/etc/gtk-3.0"
      "/lib"
      "/sbin"
      "/share/bash-completion"
      "/share/emacs"
      "/share/hunspell"
      "/share/org"
      "/share/themes"
      "/share/vulkan"
      "/share/kservices5"
      "/share/kservicetypes5"
      "/share/kxmlgui5"
      "/share/applications"
      "/share/icons"
      "/share/man"
      "/share/mime"
      "/share/terminfo"
    ];
    system.path = pkgs.buildEnv {
      name = "system-path";
      paths = cfg.systemPackages;
      inherit (cfg) pathsToLink extraOutputsToInstall;
      ignoreCollisions = true;
      postBuild = cfg.extraSetup;
    };
  };
}
