# What login shells find: profiles on the PATH, variables, aliases.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.environment;
  variable = types.oneOf [ (types.listOf (types.oneOf [ types.int types.float types.str ])) types.int types.float types.str types.path ];
  text = v: if builtins.isList v then lib.concatMapStringsSep ":" toString v else toString v;
  exports = set: lib.concatStrings (lib.mapAttrsToList (n: v: "export ${n}=\"${text v}\"\n") (lib.filterAttrs (_: v: v != null) set));
  bins = lib.concatMapStringsSep ":" (p: "${p}/bin") cfg.profiles;
  lines = description: mkOption {
    type = types.lines;
    default = "";
    inherit description;
  };
  shell = name: {
    enable = mkOption {
      type = types.bool;
      default = name == "bash";
      description = "Whether to configure ${name} as an interactive shell.";
    };
    interactiveShellInit = lines "Shell code for interactive ${name}.";
    loginShellInit = lines "Shell code for login ${name}.";
    shellInit = lines "Shell code for every ${name}.";
    shellAliases = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Aliases of ${name}.";
    };
    enableCompletion = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to complete.";
    };
  };
in
{
  options = {
    environment = {
      variables = mkOption {
        type = types.attrsOf (types.nullOr variable);
        default = { };
        description = "Environment variables used in the global environment.";
      };
      sessionVariables = mkOption {
        type = types.attrsOf (types.nullOr variable);
        default = { };
        description = "Environment variables set by PAM.";
      };
      profiles = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Profiles used to set up the global environment.";
      };
      shellAliases = mkOption {
        type = types.attrsOf (types.nullOr types.str);
        default = { };
        description = "Aliases of all shells.";
      };
      shellInit = lines "Shell script code called during shell initialisation.";
      loginShellInit = lines "Shell script code called during login shell initialisation.";
      interactiveShellInit = lines "Shell script code called during interactive shell initialisation.";
      extraInit = lines "Shell script code called during global environment initialisation.";
      homeBinInPath = mkOption {
        type = types.bool;
        default = false;
        description = "Include ~/bin/ in $PATH.";
      };
      localBinInPath = mkOption {
        type = types.bool;
        default = false;
        description = "Add ~/.local/bin/ to $PATH.";
      };
      shells = mkOption {
        type = types.listOf (types.either types.package types.str);
        default = [ ];
        description = "Permissible login shells.";
      };
      binsh = mkOption {
        type = types.path;
        default = "/bin/sh";
        description = "The guest's own.";
      };
    };
    programs.bash = shell "bash";
    programs.zsh = shell "zsh";
    programs.fish = shell "fish";
    programs.dconf.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted; changes nothing on the pocket channel.";
    };
  };

  config = {
    environment.profiles = lib.mkMerge [
      (lib.mkBefore [
        "$HOME/.nix-profile"
        "\${XDG_STATE_HOME}/nix/profile"
        "$HOME/.local/state/nix/profile"
      ])
      (lib.mkOrder 900 [ "/etc/profiles/per-user/$USER" ])
      (lib.mkAfter [
        "/nix/var/nix/profiles/default"
        "/run/current-system/sw"
      ])
    ];
    environment.shellAliases = builtins.mapAttrs (_: lib.mkDefault) {
      ls = "ls --color=tty";
      ll = "ls -l";
      l = "ls -alh";
    };
    environment.shells = [ pkgs.bash ] ++ lib.optional config.programs.zsh.enable pkgs.zsh ++ lib.optional config.programs.fish.enable pkgs.fish;
    environment.systemPackages = lib.optional config.programs.zsh.enable pkgs.zsh ++ lib.optional config.programs.fish.enable pkgs.fish;

    # The guest's own programs come last: they run the guest.
    environment.etc.set-environment.text = ''
      # DO NOT EDIT -- this file has been generated automatically.
      if [ -n "''${__NIXOS_SET_ENVIRONMENT_DONE-}" ]; then return; fi
      export __NIXOS_SET_ENVIRONMENT_DONE=1
      : "''${USER:=$(id -un)}"
      export NIX_USER_PROFILE_DIR="/nix/var/nix/profiles/per-user/$USER"
      export NIX_PROFILES="${lib.concatStringsSep " " (lib.reverseList cfg.profiles)}"
      export XDG_DATA_DIRS="${lib.concatMapStringsSep ":" (p: "${p}/share") cfg.profiles}:/usr/local/share:/usr/share"
      ${exports (cfg.sessionVariables // cfg.variables)}
      ${lib.optionalString cfg.homeBinInPath "homeBin=\"$HOME/bin:\""}
      export PATH="${lib.optionalString cfg.homeBinInPath "$HOME/bin:"}${lib.optionalString cfg.localBinInPath "$HOME/.local/bin:"}/run/wrappers/bin:${bins}:/usr/local/bin:/usr/bin:/bin"
      if [ "$(id -u)" = 0 ]; then export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; fi
      ${cfg.extraInit}
    '';
    environment.etc.profile.text = ''
      # /etc/profile: DO NOT EDIT -- this file has been generated automatically.
      if [ -n "''${__ETC_PROFILE_SOURCED-}" ]; then return; fi
      __ETC_PROFILE_SOURCED=1
      . /etc/set-environment
      ${cfg.shellInit}
      ${cfg.loginShellInit}
      ${config.programs.bash.loginShellInit}
      if [ -n "''${BASH_VERSION-}" ] && [ -r /etc/bashrc ]; then . /etc/bashrc; fi
    '';
    environment.etc.bashrc.text = ''
      # /etc/bashrc: DO NOT EDIT -- this file has been generated automatically.
      if [ -z "''${__NIXOS_SET_ENVIRONMENT_DONE-}" ]; then . /etc/set-environment; fi
      case $- in *i*) ;; *) return ;; esac
      ${lib.concatStrings (lib.mapAttrsToList (n: v: "alias -- ${n}=${lib.escapeShellArg v}\n") (lib.filterAttrs (_: v: v != null) (cfg.shellAliases // config.programs.bash.shellAliases)))}
      ${cfg.interactiveShellInit}
      ${config.programs.bash.interactiveShellInit}
    '';
    environment.etc."bash.bashrc".text = "if [ -r /etc/bashrc ]; then . /etc/bashrc; fi\n";
    # zsh-static of Debian reads /etc/zsh.
    environment.etc."zsh/zshenv" = lib.mkIf config.programs.zsh.enable {
      text = ''
        if [ -z "''${__NIXOS_SET_ENVIRONMENT_DONE-}" ]; then . /etc/set-environment; fi
        ${config.programs.zsh.shellInit}
      '';
    };
    environment.etc."zsh/zprofile" = lib.mkIf config.programs.zsh.enable { text = config.programs.zsh.loginShellInit; };
    environment.etc."zsh/zshrc" = lib.mkIf config.programs.zsh.enable {
      text = ''
        ${cfg.interactiveShellInit}
        ${config.programs.zsh.interactiveShellInit}
      '';
    };
  };
}
