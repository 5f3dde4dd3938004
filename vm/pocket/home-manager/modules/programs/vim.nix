# Vim with settings and plugins of its own.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../lib/since.nix) since;
  cfg = config.programs.vim;
  settingTypes = with types; {
    background = enum [ "dark" "light" ];
    backupdir = listOf str;
    copyindent = bool;
    directory = listOf str;
    expandtab = bool;
    hidden = bool;
    history = int;
    ignorecase = bool;
    modeline = bool;
    mouse = enum [ "n" "v" "i" "c" "h" "a" "r" ];
    mousefocus = bool;
    mousehide = bool;
    mousemodel = enum [ "extend" "popup" "popup_setpos" ];
    number = bool;
    relativenumber = bool;
    shiftwidth = int;
    smartcase = bool;
    tabstop = int;
    undodir = listOf str;
    undofile = bool;
  };
  line =
    name: value:
    if value == null then
      ""
    else if builtins.isBool value then
      "set ${lib.optionalString (!value) "no"}${name}"
    else
      "set ${name}=${if builtins.isList value then lib.concatStringsSep "," value else toString value}";
  defaults = [ pkgs.vimPlugins.vim-sensible ];
  named = p: if lib.isDerivation p then [ p ] else lib.optional (pkgs.vimPlugins ? ${p}) pkgs.vimPlugins.${p};
  strings = lib.filter builtins.isString cfg.plugins;
  unknown = lib.filter (p: !(pkgs.vimPlugins ? ${p})) strings;
  quoted = lib.concatMapStringsSep ", " (p: ''"${p}"'');
in
{
  options.programs.vim = {
    enable = lib.mkEnableOption "Vim";
    plugins = mkOption {
      type = types.listOf (types.either types.str types.package);
      default = defaults;
      description = "List of vim plugins to install.";
    };
    settings = mkOption {
      type = types.submodule {
        options = builtins.mapAttrs (name: type: mkOption {
          type = types.nullOr type;
          default = null;
          description = "Vim's ${name}.";
        }) settingTypes;
      };
      default = { };
      description = "Vim settings.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Custom .vimrc lines";
    };
    package = mkOption {
      type = types.package;
      readOnly = true;
      description = "Resulting customized vim package";
    };
    packageConfigurable = lib.mkPackageOption pkgs "vim-full" { extraDescription = "Vim package to customize"; };
    defaultEditor = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to configure vim as the default editor.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = unknown == [ ];
        message = "Following VIM plugin not found in pkgs.vimPlugins: ${quoted unknown}";
      }
    ];
    warnings = lib.optional (strings != [ ]) ''
      Specifying VIM plugins using strings is deprecated, found ${quoted strings} as strings.
    '';
    home.packages = [ cfg.package ];
    home.sessionVariables = lib.mkIf cfg.defaultEditor (
      { EDITOR = "vim"; } // lib.optionalAttrs (since "26.05") { VISUAL = "vim"; }
    );
    programs.vim = {
      plugins = defaults;
      package = cfg.packageConfigurable.customize {
        name = "vim";
        vimrcConfig = {
          customRC = ''
            ${lib.concatStringsSep "\n" (lib.remove "" (lib.mapAttrsToList line cfg.settings))}

            ${cfg.extraConfig}
          '';
          packages.home-manager.start = lib.concatMap named cfg.plugins;
        };
      };
    };
  };
}
