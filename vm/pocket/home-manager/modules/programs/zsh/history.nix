# The history of commands: its options, and where it is kept.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.programs.zsh;
  inherit (import ./lib.nix { inherit config lib; }) dotDirAbs shellPath;

  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
    };
  historyType = types.submodule (
    { config, ... }:
    {
      options = {
        append = flag false "Append to the history file.";
        size = mkOption {
          type = types.int;
          default = 10000;
          description = "Number of history lines to keep.";
        };
        save = mkOption {
          type = types.int;
          default = config.size;
          description = "Number of history lines to save.";
        };
        path = mkOption {
          type = types.str;
          default = "${dotDirAbs}/.zsh_history";
          description = "History file location";
        };
        ignorePatterns = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Patterns of commands that are not kept.";
        };
        ignoreDups = flag true "Do not keep a repeated command.";
        ignoreAllDups = flag false "Remove older duplicates.";
        saveNoDups = flag false "Do not write duplicates.";
        findNoDups = flag false "Do not show duplicates.";
        ignoreSpace = flag true "Do not keep commands that begin with a space.";
        expireDuplicatesFirst = flag false "Expire duplicates first.";
        extended = flag false "Save timestamps.";
        share = flag true "Share history between sessions.";
      };
    }
  );
  historyOptions =
    let
      h = cfg.history;
      all = {
        APPEND_HISTORY = h.append;
        HIST_IGNORE_DUPS = h.ignoreDups;
        HIST_IGNORE_ALL_DUPS = h.ignoreAllDups;
        HIST_SAVE_NO_DUPS = h.saveNoDups;
        HIST_FIND_NO_DUPS = h.findNoDups;
        HIST_IGNORE_SPACE = h.ignoreSpace;
        HIST_EXPIRE_DUPS_FIRST = h.expireDuplicatesFirst;
        SHARE_HISTORY = h.share;
        EXTENDED_HISTORY = h.extended;
      }
      // lib.optionalAttrs (cfg.autocd != null) { inherit (cfg) autocd; };
      names = builtins.attrNames all;
    in
    [ "HIST_FCNTL_LOCK" ] ++ lib.filter (n: all.${n}) names ++ map (n: "NO_${n}") (lib.filter (n: !all.${n}) names);
in
{
  options.programs.zsh.history = mkOption {
    type = historyType;
    default = { };
    description = "Options related to commands history configuration.";
  };

  config = {
    warnings = lib.optional (!lib.hasPrefix "/" cfg.history.path && !lib.hasInfix "$" cfg.history.path) ''
      Using relative paths in programs.zsh.history.path is deprecated and will be removed in a future release.
      Consider using absolute paths or home-manager config options instead.
      You can replace relative paths or environment variables with options like:
      - config.home.homeDirectory (user's home directory)
      - config.xdg.configHome (XDG config directory)
      - config.xdg.dataHome (XDG data directory)
      - config.xdg.cacheHome (XDG cache directory)
      Current history.path: ${cfg.history.path}
    '';
    programs.zsh.setOptions = historyOptions;
    programs.zsh.initContent = lib.mkOrder 910 ''
      # History options should be set in .zshrc and after oh-my-zsh sourcing.
      # See https://github.com/nix-community/home-manager/issues/177.
      HISTSIZE="${toString cfg.history.size}"
      SAVEHIST="${toString cfg.history.save}"
      ${lib.optionalString (cfg.history.ignorePatterns != [ ]) "HISTORY_IGNORE=${lib.escapeShellArg "(${lib.concatStringsSep "|" cfg.history.ignorePatterns})"}"}
      HISTFILE="${shellPath cfg.history.path}"
      mkdir -p "$(dirname "$HISTFILE")"
    '';
  };
}
