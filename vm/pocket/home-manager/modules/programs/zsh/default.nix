# zsh: .zshenv, .zshrc and what is added to its other files.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types mkIf mkOrder;
  cfg = config.programs.zsh;
  keymaps = {
    emacs = "bindkey -e";
    viins = "bindkey -v";
    vicmd = "bindkey -a";
  };

  inherit (import ./lib.nix { inherit config lib; }) home dotDirAbs dotDirRel;

  # What the messages about dotDir offer in its place.
  directories = lib.concatStringsSep "\n" (
    [ "- config.home.homeDirectory (user's home directory)" ]
    ++ map (kind: "- config.xdg.${kind}Home (XDG ${kind} directory)") [ "config" "data" "cache" ]
  );

  lines =
    description:
    mkOption {
      type = types.lines;
      default = "";
      inherit description;
    };
  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
    };
  strings =
    description:
    mkOption {
      type = types.attrsOf types.str;
      default = { };
      inherit description;
    };

  sessionVars = lib.removeSuffix "\n" ''
    # Environment variables
    . "${config.home.sessionVariablesPackage}/etc/profile.d/hm-session-vars.sh"

    # Only source this once
    if [[ -z "''${__HM_ZSH_SESS_VARS_SOURCED-}" ]]; then
      export __HM_ZSH_SESS_VARS_SOURCED=1
      ${lib.hm.zsh.exportAll cfg.sessionVariables { indent = "  "; }}
    fi
  '';
  aliasLines =
    kind: set:
    lib.concatStringsSep "\n" (
      lib.mapAttrsToList (k: v: "alias ${kind}-- ${lib.escapeShellArg k}=${lib.escapeShellArg v}") set
    );
  inDotDir = name: value: { home.file."${dotDirRel}/${name}".text = value; };
in
{
  imports = [
    ./deprecated.nix
    ./history.nix
  ];

  options.programs.zsh = {
    enable = lib.mkEnableOption "Z shell (Zsh)";
    package = lib.mkPackageOption pkgs "zsh" { };
    autocd = mkOption {
      type = types.nullOr types.bool;
      default = null;
      description = "Automatically enter into a directory if typed directly into shell.";
    };
    cdpath = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "List of paths to autocomplete calls to cd.";
    };
    dotDir = mkOption {
      type = types.nullOr types.str;
      default = lib.hm.deprecations.stateVersionDefault {
        inherit (config.home) stateVersion;
        since = "26.05";
        legacy = home;
        current = if config.xdg.enable then "${config.xdg.configHome}/zsh" else home;
      };
      description = "Directory where the zsh configuration and more should be located.";
    };
    shellAliases = strings "Aliases.";
    shellGlobalAliases = strings "Aliases that are substituted anywhere on a line.";
    dirHashes = strings "Named directories.";
    enableCompletion = flag true "Enable zsh completion.";
    completionInit = mkOption {
      type = types.lines;
      default = "autoload -U compinit && compinit";
      description = "Initialization commands to run when completion is enabled.";
    };
    defaultKeymap = mkOption {
      type = types.nullOr (types.enum (builtins.attrNames keymaps));
      default = null;
      description = "The default base keymap to use.";
    };
    sessionVariables = mkOption {
      type = types.lazyAttrsOf (types.nullOr (types.oneOf [ types.str types.path types.int types.float types.bool ]));
      default = { };
      description = "Environment variables that will be set for zsh session.";
    };
    initContent = lines "Content to be added to .zshrc.";
    envExtra = lines "Extra commands that should be added to .zshenv.";
    profileExtra = lines "Extra commands that should be added to .zprofile.";
    loginExtra = lines "Extra commands that should be added to .zlogin.";
    logoutExtra = lines "Extra commands that should be added to .zlogout.";
    localVariables = mkOption {
      type = types.attrs;
      default = { };
      description = "Extra local variables defined at the top of .zshrc.";
    };
    setOptions = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "zsh options; NO_ unsets.";
    };
  };

  config = mkIf cfg.enable (
    lib.mkMerge [
      {
        assertions = [
          {
            assertion = !lib.hasInfix "$" cfg.dotDir;
            message = ''
              programs.zsh.dotDir cannot contain shell variables as it is used for file creation at build time.
              Current dotDir: ${cfg.dotDir}
              Consider using an absolute path or home-manager config options instead.
              You can replace shell variables with options like:
              ${directories}
            '';
          }
        ];
        warnings =
          lib.optional (cfg.dotDir != home && !lib.hasPrefix "/" cfg.dotDir && !lib.hasInfix "$" cfg.dotDir) ''
            Using relative paths in programs.zsh.dotDir is deprecated and will be removed in a future release.
            Current dotDir: ${cfg.dotDir}
            Consider using absolute paths or home-manager config options instead.
            You can replace relative paths or environment variables with options like:
            ${directories}
          ''
          ++
            lib.optional
              (config.xdg.enable && lib.hm.deprecations.isLegacy config.home.stateVersion "26.05" && options.programs.zsh.dotDir.highestPrio >= 1500)
              ''
                The default value of `programs.zsh.dotDir` will change in future versions.
                You are currently using the legacy default (home directory) because `home.stateVersion` is less than "26.05".
                To silence this warning and lock in the current behavior, set:
                  programs.zsh.dotDir = config.home.homeDirectory;
                To adopt the new behavior (XDG config directory), set:
                  programs.zsh.dotDir = "''${config.xdg.configHome}/zsh";
              '';

        home.packages = [ cfg.package ] ++ lib.optional cfg.enableCompletion (lib.lowPrio pkgs.nix-zsh-completions);

        programs.zsh.initContent = lib.mkMerge [
          (mkOrder 510 "typeset -U path cdpath fpath manpath")
          (mkIf (cfg.cdpath != [ ]) (
            mkOrder 510 "cdpath+=(${lib.concatStringsSep " " cfg.cdpath})\n"
          ))
          (mkOrder 520 ''
            for profile in ''${(z)NIX_PROFILES}; do
              fpath+=($profile/share/zsh/site-functions $profile/share/zsh/$ZSH_VERSION/functions $profile/share/zsh/vendor-completions)
            done

            HELPDIR="${cfg.package}/share/zsh/$ZSH_VERSION/help"
          '')
          (mkIf (cfg.defaultKeymap != null) (
            mkOrder 530 "# Use ${cfg.defaultKeymap} keymap as the default.\n${keymaps.${cfg.defaultKeymap}}\n"
          ))
          (mkIf (cfg.localVariables != { }) (mkOrder 540 (lib.hm.zsh.defineAll cfg.localVariables)))
          (mkIf cfg.enableCompletion (mkOrder 570 cfg.completionInit))
          (mkIf (cfg.setOptions != [ ]) (mkOrder 950 ''
            # Set shell options
            ${lib.hm.zsh.define "set_opts" cfg.setOptions}
            for opt in "''${set_opts[@]}"; do
              setopt "$opt"
            done
            unset opt set_opts
          ''))
          (mkIf (cfg.shellAliases != { } || cfg.shellGlobalAliases != { }) (
            mkOrder 1100 (
              aliasLines "" cfg.shellAliases
              + lib.optionalString (cfg.shellAliases != { } && cfg.shellGlobalAliases != { }) "\n"
              + aliasLines "-g " cfg.shellGlobalAliases
            )
          ))
          (mkIf (cfg.dirHashes != { }) (
            mkOrder 1150 "# Named Directory Hashes\n${
              lib.concatStringsSep "\n" (
                lib.mapAttrsToList (k: v: ''hash -d ${k}="${v}"'') cfg.dirHashes
              )
            }\n"
          ))
        ];
      }
      (mkIf (cfg.envExtra != "") (inDotDir ".zshenv" cfg.envExtra))
      (mkIf (cfg.loginExtra != "") (inDotDir ".zlogin" cfg.loginExtra))
      (mkIf (cfg.logoutExtra != "") (inDotDir ".zlogout" cfg.logoutExtra))
      (mkIf (dotDirAbs != home) {
        home.file."${dotDirRel}/.zshenv".text = "${lib.hm.zsh.export "ZDOTDIR" dotDirAbs}\n";
        home.file.".zshenv".text = "source ${lib.escapeShellArg "${dotDirAbs}/.zshenv"}\n";
      })
      (inDotDir ".zshenv" "${sessionVars}\n")
      (mkIf (cfg.profileExtra != "") (inDotDir ".zprofile" cfg.profileExtra))
      (inDotDir ".zshrc" cfg.initContent)
    ]
  );
}
