# Plugins and themes that Debian does not have, of programs that it has: files of the same names in the same places, which do
# little or nothing, so that a setup that names one can be switched to.
{ lib, pkgs }:
let
  standIn =
    pname: files:
    pkgs.runCommandLocal "${pname}-0" { inherit pname; version = "0"; } (
      lib.concatStrings (
        lib.mapAttrsToList (path: text: ''
          mkdir -p "$out/${dirOf path}"
          printf '%s' ${lib.escapeShellArg text} > "$out/${path}"
        '') files
      )
    );

  tmuxPlugin =
    name: file:
    let
      place = "share/tmux-plugins/${name}/${file}.tmux";
      package = standIn "tmuxplugin-${name}" { ${place} = "#!/bin/sh\n"; };
    in
    package.overrideAttrs (old: { buildCommand = old.buildCommand + "chmod +x $out/${place}\n"; }) // { rtp = "${package}/${place}"; };

  themes = names: lib.genAttrs names (name: { background = "#1e1e2e"; foreground = "#cdd6f4"; });
in
{
  tmuxPlugins = lib.mapAttrs tmuxPlugin {
    battery = "battery";
    better-mouse-mode = "scroll_copy_mode";
    catppuccin = "catppuccin";
    continuum = "continuum";
    copycat = "copycat";
    cpu = "cpu";
    dracula = "dracula";
    fzf-tmux-url = "fzf-url";
    gruvbox = "gruvbox-tpm";
    logging = "logging";
    nord = "nord";
    open = "open";
    pain-control = "pain_control";
    prefix-highlight = "prefix_highlight";
    resurrect = "resurrect";
    sensible = "sensible";
    sidebar = "sidebar";
    tmux-fzf = "main";
    vim-tmux-navigator = "vim-tmux-navigator";
    yank = "yank";
  };

  zsh-history-substring-search = standIn "zsh-history-substring-search" {
    "share/zsh-history-substring-search/zsh-history-substring-search.zsh" = ''
      history-substring-search-up() { zle up-line-or-search }
      history-substring-search-down() { zle down-line-or-search }
      zle -N history-substring-search-up
      zle -N history-substring-search-down
    '';
  };
  zsh-abbr = standIn "zsh-abbr" { "share/zsh/zsh-abbr/zsh-abbr.plugin.zsh" = ""; };
  zsh-fzf-tab = standIn "zsh-fzf-tab" { "share/fzf-tab/fzf-tab.plugin.zsh" = ""; };
  zsh-powerlevel10k = standIn "powerlevel10k" { "share/zsh-powerlevel10k/powerlevel10k.zsh-theme" = ""; };
  zsh-prezto = standIn "zsh-prezto" (
    lib.listToAttrs (map (name: lib.nameValuePair "share/zsh-prezto/${name}" "") (
      [ "init.zsh" ] ++ map (name: "runcoms/${name}") [ "zlogin" "zlogout" "zprofile" "zshenv" "zshrc" ]
    ))
  );
  oh-my-zsh = standIn "oh-my-zsh" {
    "share/oh-my-zsh/oh-my-zsh.sh" = "autoload -U compinit && compinit -u\n";
    "share/oh-my-zsh/templates/zshrc.zsh-template" = "";
  };

  nix-direnv = standIn "nix-direnv" {
    "share/nix-direnv/direnvrc" = ''
      use_flake() { log_error "The pocket channel's nix-direnv loads nothing."; }
      use_nix() { use_flake; }
    '';
  };

  kitty-themes = standIn "kitty-themes" (
    let
      known = themes [ "Catppuccin-Latte" "Catppuccin-Mocha" "Dracula" "GitHub_Dark" "GitHub_Light" "Solarized_Dark" "SpaceGray_Eighties" "gruvbox-dark" "tokyo_night_night" ];
    in
    { "share/kitty-themes/themes.json" = builtins.toJSON (map (name: { name = lib.replaceStrings [ "_" ] [ " " ] name; file = "themes/${name}.conf"; }) (builtins.attrNames known)); }
    // lib.mapAttrs' (name: c: lib.nameValuePair "share/kitty-themes/themes/${name}.conf" "background ${c.background}\nforeground ${c.foreground}\n") known
  );
  alacritty-theme = standIn "alacritty-theme" (
    lib.mapAttrs' (name: c: lib.nameValuePair "share/alacritty-theme/${name}.toml" "[colors.primary]\nbackground = \"${c.background}\"\nforeground = \"${c.foreground}\"\n") (
      themes [ "catppuccin_latte" "catppuccin_mocha" "dracula" "gruvbox_dark" "nord" "solarized_dark" "solarized_light" "tokyo_night" ]
    )
  );
  documentation-highlighter = standIn "documentation-highlighter" (lib.genAttrs [ "LICENSE" "highlight.pack.js" "loader.js" "mono-blue.css" ] (_: "The pocket channel renders no manuals.\n"));
}
