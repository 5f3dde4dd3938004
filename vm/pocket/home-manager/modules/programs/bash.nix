# GNU bash: .bash_profile, .profile and .bashrc.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types mkIf;
  inherit (import ../lib/since.nix) since withoutYounger;
  cfg = config.programs.bash;
  inherit (import ../lib/text-file.nix { inherit lib pkgs; }) textFile;
  # Bash reads the file while it is built, so that a syntax error fails the build.
  script =
    name: text:
    pkgs.writeTextFile {
      inherit name text;
      checkPhase = ''
        ${pkgs.stdenv.shellDryRun} "$target"
      '';
    };
  lines =
    description:
    mkOption {
      type = types.lines;
      default = "";
      inherit description;
    };
  size =
    default: description:
    mkOption {
      type = if since "25.05" then types.nullOr types.int else types.int;
      inherit default description;
    };

  history = lib.concatStringsSep "\n" (
    lib.mapAttrsToList (n: v: "${n}=${v}") (
      lib.optionalAttrs (cfg.historyFileSize != null) { HISTFILESIZE = toString cfg.historyFileSize; }
      // lib.optionalAttrs (cfg.historySize != null) { HISTSIZE = toString cfg.historySize; }
      // lib.optionalAttrs (cfg.historyFile != null) { HISTFILE = ''"${cfg.historyFile}"''; }
      // lib.optionalAttrs (cfg.historyControl != [ ]) { HISTCONTROL = lib.concatStringsSep ":" cfg.historyControl; }
      // lib.optionalAttrs (cfg.historyIgnore != [ ]) { HISTIGNORE = lib.escapeShellArg (lib.concatStringsSep ":" cfg.historyIgnore); }
    )
    ++ lib.optional (since "25.05" && cfg.historyFile != null) ''mkdir -p "$(dirname "$HISTFILE")"''
  );
  variables = if since "25.11" then config.home.sessionVariablesPackage else config.home.profileDirectory;
  shopts = lib.concatMapStringsSep "\n" (
    o: if lib.hasPrefix "-" o then "shopt -u ${lib.removePrefix "-" o}" else "shopt -s ${o}"
  ) cfg.shellOptions;
  alias = if since "26.05" then "alias -- " else "alias ";
  aliases = lib.concatStringsSep "\n" (lib.mapAttrsToList (k: v: "${alias}${k}=${lib.escapeShellArg v}") cfg.shellAliases);
in
{
  options.programs.bash = withoutYounger { package = "24.11"; } {
    enable = lib.mkEnableOption "GNU Bourne-Again SHell";
    package = lib.mkPackageOption pkgs "bash" { nullable = true; default = "bashInteractive"; };
    enableCompletion = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to enable Bash completion for all interactive Bash shells.";
    };
    historySize = size 10000 "Number of history lines to keep in memory.";
    historyFileSize = size 100000 "Number of history lines to keep on file.";
    historyFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Location of the bash history file.";
    };
    historyControl = mkOption {
      type = types.listOf (types.enum ([ "erasedups" "ignoredups" "ignorespace" ] ++ lib.optional (since "24.11") "ignoreboth"));
      default = [ ];
      description = "Controlling how commands are saved on the history list.";
    };
    historyIgnore = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "List of commands that should not be saved to the history list.";
    };
    shellOptions = mkOption {
      type = types.listOf types.str;
      default = [ "histappend" ] ++ lib.optional (!since "25.11") "checkwinsize" ++ [ "extglob" "globstar" "checkjobs" ];
      description = "Shell options to set; a leading - unsets.";
    };
    sessionVariables = mkOption {
      type =
        if since "25.11" then
          types.lazyAttrsOf (types.nullOr (types.oneOf [ types.str types.path types.int types.float types.bool ]))
        else
          types.attrs;
      default = { };
      description = "Environment variables that will be set for the Bash session.";
    };
    shellAliases = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Aliases.";
    };
    profileExtra = lines "Extra commands that should be run when initializing a login shell.";
    initExtra = lines "Extra commands that should be run when initializing an interactive shell.";
    bashrcExtra = lines "Extra commands that should be placed in ~/.bashrc.";
    logoutExtra = lines "Extra commands that should be run when logging out of an interactive shell.";
  };

  config = mkIf cfg.enable {
    home.packages = lib.remove null [ (cfg.package or pkgs.bashInteractive) ];

    programs.bash.initExtra = mkIf cfg.enableCompletion (
      lib.mkOrder 100 ''
        if [[ ! -v BASH_COMPLETION_VERSINFO ]]; then
          . "${pkgs.bash-completion}/etc/profile.d/bash_completion.sh"
        fi
      ''
    );

    home.file = {
      ".bash_profile".source = textFile "bash_profile" ''
        # include .profile if it exists
        [[ -f ~/.profile ]] && . ~/.profile

        # include .bashrc if it exists
        [[ -f ~/.bashrc ]] && . ~/.bashrc
      '' false;
      ".profile".source = script "profile" ''
        . "${variables}/etc/profile.d/hm-session-vars.sh"

        ${config.lib.shell.exportAll cfg.sessionVariables}

        ${cfg.profileExtra}
      '';
      ".bashrc".source = script "bashrc" ''
        ${cfg.bashrcExtra}

        # Commands that should be applied only for interactive shells.
        [[ $- == *i* ]] || return

        ${history}

        ${shopts}

        ${aliases}

        ${cfg.initExtra}
      '';
      ".bash_logout" = mkIf (cfg.logoutExtra != "") { source = script "bash_logout" cfg.logoutExtra; };
    };
  };
}
