# What modules of the real Home Manager install and Debian has not, or only in hundreds of megabytes, and what a scenario
# names under `standIns`: packages by name alone. Setups that name them can be built and switched to; a program says what it
# is and fails, but for builds, where it does nothing. The version tells them from programs, and is newer than any that a module asks for.
{ lib, pkgs }:
let
  version = "99-stand-in";

  # One that is the same whatever is asked of it.
  package =
    pname: programs: files:
    let
      self =
        pkgs.runCommandLocal "${pname}-${version}"
          {
            inherit pname version;
            meta = { description = "Stand-in for ${pname}"; mainProgram = lib.head (programs ++ [ pname ]); };
          }
          ''
            mkdir -p $out/share
            ${lib.concatMapStrings (name: ''
              mkdir -p $out/bin
              printf '#!/bin/sh\n[ -z "$NIX_BUILD_TOP" ] || exit 0\necho "%s: the pocket channel has it by name only; run this scenario on the real channel" >&2\nexit 1\n' ${name} > $out/bin/${name}
              chmod +x $out/bin/${name}
            '') programs}
            ${files}
          ''
        // {
          override = _: self;
          withPackages = _: self;
          withExtensions = _: self;
          withPlugins = _: self;
          # Its other outputs.
          bin = self;
          cc = self;
          dev = self;
          drivers = self;
          lib = self;
          # What it is made of, of which modules take single files.
          src = self;
        };
    in
    self;
  words = text: lib.filter (word: lib.isString word && word != "") (builtins.split "[[:space:]]+" text);
  # Packages whose program is named like them.
  programs = text: lib.genAttrs (words text) (name: package name [ name ] "");
  # Packages without programs.
  data = text: lib.genAttrs (words text) (name: package name [ ] "");
in
{
  # By the names that a scenario gives; a name may be in a set: `nodePackages.prettier`.
  named = prev: names:
    let
      # The sets on the way keep what they have.
      put =
        have: known: way: value:
        have
        // {
          ${lib.head way} =
            let
              old = have.${lib.head way} or known.${lib.head way} or { };
            in
            if lib.tail way == [ ] then value else put old { } (lib.tail way) value;
        };
      add =
        all: name:
        let
          way = lib.splitString "." name;
        in
        if lib.hasAttrByPath way prev then
          all
        else if lib.head way == "vscode-extensions" then
          put all prev way (extension (lib.concatStringsSep "." (lib.tail way)))
        else
          put all prev way (package (lib.last way) [ (lib.last way) ] "");
      # Home Manager reads the folder of an extension.
      extension = id: package id [ ] "mkdir -p $out/share/vscode/extensions/${id}" // { vscodeExtUniqueId = id; };
    in
    lib.foldl' add { } names;

  packages =
    programs ''
      abook aerc afew aichat alot amfora antidote aria2 asciinema autorandr autotiling avizo bacon bashmount batsignal beets bemenu
      betterlockscreen borgmatic boxxy browserpass bspwm cachix carapace cava clipcat cliphist clipman clipse cmus codex conky
      copyq darkman diff-so-fancy discord distrobox dunst easyeffects element-desktop espanso evince evolution eww fabric-ai feh
      floorp fnott freetube fuzzel gallery-dl gammastep gh-dash ghostty git-cliff git-credential-oauth git-sync gitui gnome-keyring
      go goimapnotify gopass gradle granted grim grobi halloy herbstluftwm himalaya home-assistant-cli hyfetch hypridle hyprlock
      hyprpaper hyprpicker hyprpolkitagent hyprshot hyprsunset i3blocks i3lock i3status i3status-rust iamb imv intelli-shell ion
      irssi jellyfin-mpv-shim jjui jqp jrnl k9s kanshi khal khard kubecolor kubectl kubeswitch labwc lazydocker lazysql ledger lieer
      lorri mangohud marksman mcfly mcfly-fzf megasync meli mergiraf mise mods mopidy mpd mpd-mpris mpdris2 mpdscribble mpv mu muchsync mujmap
      navi ncmpcpp ncspot neomutt neovide networkmanagerapplet newsboat nh nheko nil nix-index nix-init nix-output-monitor
      nix-search-tv nix-your-shell nixd notmuch numbat nyxt obs-studio obsidian offlineimap oh-my-posh ollama onedrive
      opencode pandoc papis parallel-full patdiff pay-respects pet pgcli picom pistol pizauth playerctl podman poetry polybar poweralertd
      powerline-go pqiv prismlauncher profile-sync-daemon pueue pyenv pylint pyradio qutebrowser radicle-node ranger rbenv rbw
      redshift remmina retroarch rio river rofi rtorrent ruff sapling satty sbt scmpuff screen sesh sftpman shadowenv sheldon
      shikane sioyek skim sm64ex spectrwm spotify spotify-player spotifyd sqls ssh-tpm-agent stylua swappy sway swayidle swayimg swaylock
      swayosd swayr swww sxhkd syncthingtray taffybar tailscale taskwarrior television terminator tex-fmt thefuck tint2 tirith tmate
      tmuxinator tmuxp todoman tofi topgrade translate-shell trayer trippy udiskie unison uv vdirsyncer vesktop vicinae vifm
      visidata vivid vlc dmenu xwayland xprop setxkbmap xdotool xvfb-run imagemagick ffmpeg grype hjson-go hstr keynav lxqt-policykit plasma-workspace sftpman watson screenkey signal-desktop slack telegram-desktop steam thunar gimp inkscape blender bitwarden-desktop gcc clang cmake rustc rustup terraform kubernetes-helm docker-compose yq-go hugo shellcheck pre-commit cowsay slurp brightnessctl libreoffice walker wallust waybar wayprompt waypipe wezterm wlogout wlsunset wluma wob wofi wpaperd xautolock
      xcape xidlehook xplr xscreensaver xsettingsd xss-lock yambar yazi yt-dlp zapzap zathura zed-editor zellij zk zplug
      dbeaver-bin deadnix devenv alejandra statix nixfmt nixpkgs-fmt lua-language-server bash-language-server pyright
    ''
    // data ''
      adwaita-qt adwaita-qt6 arc-theme at-spi2-core bibata-cursors breeze-icons capitaine-cursors catppuccin-cursors egl-gbm egl-wayland
      egl-wayland2 egl-x11 font-awesome gnome-themes-extra glib gsettings-desktop-schemas gtk2 gtk3 gtk4 hicolor-icon-theme intel-media-driver intel-vaapi-driver inter intel-ocl
      libglvnd libvdpau-va-gl libGL libvdpau mesa mesa-demos nixos-icons noto-fonts noto-fonts-cjk-sans noto-fonts-color-emoji noto-fonts-emoji nvidia-vaapi-driver
      papirus-icon-theme phinger-cursors polkit_gnome roboto source-code-pro ubuntu_font_family vanilla-dmz vpl-gpu-rt
      xdg-desktop-portal-gnome xdg-desktop-portal-hyprland xdg-desktop-portal-wlr
    ''
    // {
      awscli2 = package "awscli2" [ "aws" ] "";
      blueman = package "blueman" [ "blueman-applet" "blueman-manager" ] "";
      bash-preexec = package "bash-preexec" [ ] "mkdir -p $out/share/bash; touch $out/share/bash/bash-preexec.sh";
      bluez = package "bluez" [ "bluetoothctl" ] "";
      bottom = package "bottom" [ "btm" ] "";
      brave = package "brave" [ "brave" ] "";
      broot =
        let
          self = package "broot" [ "broot" ] "mkdir -p $out/resources/default-conf/skins; touch $out/resources/default-conf/{conf,verbs}.hjson";
        in
        self // { src = self; };
      cargo = package "cargo" [ "cargo" ] "";
      chromium = package "chromium" [ "chromium" ] "";
      difftastic = package "difftastic" [ "difft" ] "";
      emacs = package "emacs" [ "emacs" "emacsclient" ] "";
      emacsPackagesFor = emacs: lib.fix (self: { inherit emacs; overrideScope = _: self; emacsWithPackages = _: emacs; withPackages = _: emacs; });
      flameshot = package "flameshot" [ "flameshot" ] "";
      google-chrome = package "google-chrome" [ "google-chrome-stable" ] "";
      helix = package "helix" [ "hx" ] "";
      hyprland = package "hyprland" [ "Hyprland" "hyprctl" ] "";
      i3 = package "i3" [ "i3" "i3-msg" ] "";
      jdk = package "jdk" [ "java" "javac" ] "";
      jujutsu = package "jujutsu" [ "jj" ] "";
      keybase = package "keybase" [ "keybase" ] "";
      librewolf = package "librewolf" [ "librewolf" ] "";
      mpc = package "mpc" [ "mpc" ] "";
      nodejs = package "nodejs" [ "node" "npm" "npx" ] "";
      nushell = package "nushell" [ "nu" ] "";
      pavucontrol = package "pavucontrol" [ "pavucontrol" ] "";
      python3 = package "python3" [ "python3" "python" ] "";
      ripgrep-all = package "ripgrep-all" [ "rga" ] "";
      ruby = package "ruby" [ "ruby" ] "";
      rxvt-unicode = package "rxvt-unicode" [ "urxvt" "urxvtc" "urxvtd" ] "";
      rust-analyzer = package "rust-analyzer" [ "rust-analyzer" ] "";
      swaynotificationcenter = package "swaynotificationcenter" [ "swaync" "swaync-client" ] "";
      taskwarrior3 = package "taskwarrior3" [ "task" ] "";
      linuxPackages = data "nvidia_x11";
      vscode = package "vscode" [ "code" ] "";
      vscodium = package "vscodium" [ "codium" ] "";
      autojump = package "autojump" [ "autojump" ] "mkdir -p $out/share/autojump; touch $out/share/autojump/autojump.{bash,fish,zsh}";
      z-lua = package "z-lua" [ "z" ] "mkdir -p $out/share; touch $out/share/z.lua";
      writableTmpDirAsHomeHook = package "writable-tmpdir-as-home-hook" [ ] "mkdir -p $out/nix-support; echo 'export HOME=$(mktemp -d)' > $out/nix-support/setup-hook";
      vscode-utils.toExtensionJson = _: "[]";
      kdePackages = { inherit (data "breeze-icons plasma-browser-integration plasma-workspace") breeze-icons plasma-browser-integration plasma-workspace; kdeconnect-kde = package "kdeconnect-kde" [ "kdeconnectd" "kdeconnect-cli" ] ""; };
      # What it makes of session variables is read by fish; the rest of the language is left out.
      babelfish = pkgs.writeShellScriptBin "babelfish" ''
        ${pkgs.gnused}/bin/sed -nE 's/^export ([A-Za-z_0-9]+)=(.*)$/set -gx \1 \2/p' |
          ${pkgs.gnused}/bin/sed -E 's/\$\{([A-Za-z_0-9]+):?[-+][^}]*\}/$\1/g; s/\$\{([A-Za-z_0-9]+)\}/{$\1}/g'
      '';
      qt5.qtbase = { qtPluginPrefix = "lib/qt-5.15/plugins"; qtQmlPrefix = "lib/qt-5.15/qml"; };
      qt6.qtbase = { qtPluginPrefix = "lib/qt-6/plugins"; qtQmlPrefix = "lib/qt-6/qml"; };
      nerd-fonts = lib.genAttrs (words "caskaydia-cove dejavu-sans-mono droid-sans-mono fira-code fira-mono hack iosevka jetbrains-mono meslo-lg noto roboto-mono symbols-only ubuntu ubuntu-mono") (name: package "nerd-fonts-${name}" [ ] "");
    };
}
