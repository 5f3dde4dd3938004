# The well-known directories of a desktop.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.xdg.userDirs;
  home = config.home.homeDirectory;
  names = {
    desktop = "Desktop";
    documents = "Documents";
    download = "Downloads";
    music = "Music";
    pictures = "Pictures";
    projects = "Projects";
    publicShare = "Public";
    templates = "Templates";
    videos = "Videos";
  };
  old = lib.versionOlder config.home.stateVersion "26.05";
  warned = lib.hm.deprecations.isLegacy config.home.stateVersion "26.05";
  # Keys were whole names of variables once.
  plainKey =
    key:
    let
      m = builtins.match "XDG_(.*)_DIR" key;
      name = builtins.head m;
      words = "using keys like ‘${key}’ for xdg.userDirs.extraConfig is deprecated in favor of keys like ‘${name}’";
    in
    if m == null then key else if warned then lib.warn words name else name;
  directories =
    lib.filterAttrs (_: v: v != null) (lib.mapAttrs' (n: _: lib.nameValuePair (lib.toUpper n) cfg.${n}) names) // cfg.extraConfig;
  bindings = lib.mapAttrs' (k: lib.nameValuePair "XDG_${k}_DIR") directories;
in
{
  options.xdg.userDirs = {
    enable = lib.mkEnableOption "management of $XDG_CONFIG_HOME/user-dirs.dirs";
    package = lib.mkPackageOption pkgs "xdg-user-dirs" { nullable = true; };
    createDirectories = lib.mkEnableOption "automatic creation of the XDG user directories";
    extraConfig = mkOption {
      type = types.attrsOf (types.coercedTo types.path toString types.str);
      default = { };
      apply = if old then lib.mapAttrs' (k: lib.nameValuePair (plainKey k)) else lib.id;
      description = "Other user directories.";
    };
    setSessionVariables = mkOption {
      type = types.bool;
      default =
        if warned then
          lib.warn (lib.hm.deprecations.changedDefault {
            option = "xdg.userDirs.setSessionVariables";
            since = "26.05";
            legacy = "true";
            current = "false";
          }) true
        else
          old;
      description = "Whether to set the XDG user dir environment variables.";
    };
  }
  // builtins.mapAttrs (n: dir: mkOption {
    type = types.nullOr (types.coercedTo types.path toString types.str);
    default = "${home}/${dir}";
    description = "The ${n} directory.";
  }) names;

  config = lib.mkIf cfg.enable {
    xdg.configFile = {
      "user-dirs.dirs".text = lib.generators.toKeyValue { } (builtins.mapAttrs (_: v: ''"${v}"'') bindings);
      "user-dirs.conf".text = "enabled=False";
    };
    home.packages = lib.optional (cfg.package != null) cfg.package;
    home.sessionVariables = lib.mkIf cfg.setSessionVariables bindings;
    home.activation.createXdgUserDirectories = lib.mkIf cfg.createDirectories (
      lib.hm.dag.entryAfter [ "linkGeneration" ] (
        lib.concatMapStringsSep "\n" (dir: ''[[ -L "${dir}" ]] || run mkdir -p $VERBOSE_ARG "${dir}"'') (builtins.attrValues directories)
      )
    );
  };
}
