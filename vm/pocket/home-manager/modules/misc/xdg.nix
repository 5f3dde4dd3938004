# The XDG base directories and the files in them.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types mkIf;
  inherit (import ../lib/since.nix) since withoutYounger;
  younger = {
    binHome = "26.05";
    localBinInPath = "26.05";
    cacheFile = "25.05";
    stateFile = "24.11";
  };
  cfg = config.xdg;
  home = config.home.homeDirectory;
  inherit (import ../lib/file-type.nix { inherit lib pkgs; homeDirectory = home; }) fileType;

  kinds = {
    cache = ".cache";
    config = ".config";
    data = ".local/share";
    state = ".local/state";
  };
  dir =
    name:
    mkOption {
      type = types.path;
      apply = toString;
      description = "Absolute path of the user's XDG ${name} directory.";
    };
  files =
    name:
    mkOption {
      type = fileType "xdg.${name}File" "" cfg."${name}Home";
      default = { };
      description = "Files to link into the user's XDG ${name} directory.";
    };
  variables = lib.optionalAttrs (since "26.05") { XDG_BIN_HOME = cfg.binHome; } // {
    XDG_CACHE_HOME = cfg.cacheHome;
    XDG_CONFIG_HOME = cfg.configHome;
    XDG_DATA_HOME = cfg.dataHome;
    XDG_STATE_HOME = cfg.stateHome;
  };
in
{
  options.xdg = withoutYounger younger ({
    enable = lib.mkEnableOption "management of XDG base directories";
    binHome = dir "binary";
    localBinInPath = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to add xdg.binHome to PATH when xdg.enable is enabled.";
    };
    mime.enable = mkOption {
      type = types.bool;
      default = pkgs.stdenv.hostPlatform.isLinux;
      description = "Whether to install programs and files to support the XDG Shared MIME-info specification.";
    };
  }
  // lib.mapAttrs' (n: _: lib.nameValuePair "${n}Home" (dir n)) kinds
  // lib.mapAttrs' (n: _: lib.nameValuePair "${n}File" (files n)) kinds);

  config = lib.mkMerge [
    {
      xdg =
        lib.mapAttrs' (n: sub: lib.nameValuePair "${n}Home" (lib.mkOptionDefault "${home}/${sub}")) kinds
        // lib.optionalAttrs (since "26.05") { binHome = lib.mkOptionDefault "${home}/.local/bin"; };
      home.file = lib.mkMerge (
        map (
          n: lib.mapAttrs' (name: file: lib.nameValuePair "${cfg."${n}Home"}/${name}" file) cfg."${n}File" or { }
        ) (builtins.attrNames kinds)
        ++ [
          { "${cfg.cacheHome}/.keep".text = ""; }
          (lib.optionalAttrs (since "25.05") { "${cfg.stateHome}/.keep".text = ""; })
        ]
      );
    }
    (mkIf cfg.enable {
      home.sessionVariables = variables;
      systemd.user.sessionVariables = variables;
      home.sessionPath = mkIf (cfg.localBinInPath or false) (lib.mkAfter [ cfg.binHome ]);
    })
    (mkIf cfg.mime.enable {
      home.packages = [
        pkgs.shared-mime-info
        # With two packages that have them, these become real directories.
        (pkgs.runCommandLocal "dummy-xdg-mime-dirs1" { } "mkdir -p $out/share/{applications,mime/packages}")
        (pkgs.runCommandLocal "dummy-xdg-mime-dirs2" { } "mkdir -p $out/share/{applications,mime/packages}")
      ];
    })
  ];
}
