# The programs of the channel: attribute name -> what it is made of.
# See package.nix for the fields.
{
  # What activation scripts and packages' own scripts need.
  bash = { description = "GNU Bourne-Again Shell, the de facto standard shell on Linux"; license = "gpl3Plus"; programs = [ "bash" "sh" ]; postInstall = "ln -sfn bash bin/sh"; };
  coreutils = { description = "GNU Core Utilities"; license = "gpl3Plus"; mainProgram = "ls"; };
  diffutils = { description = "Commands for showing the differences between files (diff, cmp, etc.)"; license = "gpl3Plus"; mainProgram = "diff"; };
  findutils = { description = "GNU Find Utilities, the basic directory searching utilities of the GNU operating system"; license = "gpl3Plus"; mainProgram = "find"; };
  gnugrep = { debs = [ "grep" ]; description = "GNU implementation of the Unix grep command"; license = "gpl3Plus"; mainProgram = "grep"; };
  gnused = { debs = [ "sed" ]; description = "GNU sed, a batch stream editor"; license = "gpl3Plus"; mainProgram = "sed"; };
  gettext = { debs = [ "gettext" "gettext-base" ]; description = "Well integrated set of translation tools and documentation"; license = "gpl3Plus"; };
  ncurses = {
    debs = [ "ncurses-bin" "ncurses-base" "ncurses-term" ];
    description = "Free software emulation of curses in SVR4 and more";
    license = "mit";
    mainProgram = "tput";
  };
  less = { description = "More advanced file pager than 'more'"; license = "gpl3Plus"; };
  inetutils = { debs = [ "hostname" ]; description = "Collection of common network programs"; license = "gpl3Plus"; mainProgram = "hostname"; };

  # All of the above that an activation script calls, in one directory: one
  # package to evaluate instead of ten.
  activation-tools = {
    debs = [ "coreutils" "bash" "diffutils" "findutils" "gettext-base" "grep" "sed" "jq" "ncurses-bin" "hostname" "less" ];
    description = "Programs on the PATH of activation scripts";
    license = "gpl3Plus";
    mainProgram = "bash";
  };

  # What Home Manager's modules install or call by themselves.
  bash-completion = { description = "Programmable completion for the Bash shell"; postInstall = "mkdir -p etc/profile.d; ln -sfn ../../share/bash-completion/bash_completion etc/profile.d/bash_completion.sh"; };
  man-db = { description = "Implementation of the standard Unix documentation system accessed using the man command"; mainProgram = "man"; };
  shared-mime-info = {
    description = "Database of common MIME types";
    mainProgram = "update-mime-database";
    # The database of this package's own types alone, which nearly every home has, is made once: it takes seconds under
    # emulation. Any other is made by the program itself.
    postInstall = ''
      mkdir -p libexec/own
      ln -s "$out/share/mime/packages" libexec/own/packages
      bin/update-mime-database libexec/own
      rm libexec/own/packages
      mv bin/update-mime-database libexec/
      cat > bin/update-mime-database <<EOF
      #!$bash
      folder=\''${!#%/}
      shopt -s nullglob dotglob
      all=("\$folder"/* "\$folder"/packages/*)
      if [[ \$* == "-V \$folder" && \''${#all[@]} == 2 && \''${all[1]} -ef $out/share/mime/packages/freedesktop.org.xml ]] && type -P cp >/dev/null; then
        exec cp -r --no-preserve=mode,ownership $out/libexec/own/. "\$folder/"
      fi
      exec $out/libexec/update-mime-database "\$@"
      EOF
      chmod +x bin/update-mime-database
    '';
  };
  desktop-file-utils = { description = "Command line utilities for working with .desktop files"; mainProgram = "update-desktop-database"; };
  fontconfig = { description = "Library for font customization and configuration"; mainProgram = "fc-cache"; };
  gnupg = { debs = [ "gpg" "gpg-agent" "gpgconf" "gpgsm" ]; description = "Modern release of the GNU Privacy Guard, a GPL OpenPGP implementation"; license = "gpl3Plus"; mainProgram = "gpg"; };
  openssh = { debs = [ "openssh-client" ]; description = "Implementation of the SSH protocol"; license = "bsd2"; mainProgram = "ssh"; };

  dconf = { debs = [ "dconf-cli" "dconf-service" "dconf-gsettings-backend" ]; description = "Low-level configuration system used by GSettings"; license = "lgpl21Plus"; keep = [ "systemd" ]; postInstall = "sed -i \"s,/usr/libexec,$out/libexec,\" share/dbus-1/services/* lib/systemd/user/*"; };
  pinentry-curses = { description = "GnuPG's interface to passphrase input, on a terminal"; license = "gpl2Plus"; };
  pinentry-gnome3 = { description = "GnuPG's interface to passphrase input, in a window"; license = "gpl2Plus"; };
  pinentry-tty = { description = "GnuPG's interface to passphrase input, line by line"; license = "gpl2Plus"; };
  xdg-desktop-portal = { description = "Desktop integration portals for sandboxed apps"; license = "lgpl21Plus"; kind = "data"; };
  xdg-desktop-portal-gtk = { description = "Desktop integration portals for sandboxed apps, with windows"; license = "lgpl21Plus"; kind = "data"; };
  xdg-utils = { description = "Set of command line tools that assist applications with a variety of desktop integration tasks"; license = "mit"; mainProgram = "xdg-open"; };
  zsh-autosuggestions = { description = "Fish shell autosuggestions for Zsh"; license = "mit"; kind = "data"; };
  zsh-syntax-highlighting = { description = "Fish shell like syntax highlighting for Zsh"; license = "bsd3"; kind = "data"; };

  # Fonts and icons.
  adwaita-icon-theme = { description = "Icons of GNOME"; license = "lgpl3Plus"; kind = "data"; keep = [ "icons" ]; };
  dejavu_fonts = { debs = [ "fonts-dejavu-core" "fonts-dejavu-mono" "fonts-dejavu-extra" ]; pname = "dejavu-fonts"; description = "Typeface family based on the Bitstream Vera fonts"; license = "mit"; kind = "data"; };
  fira-code = { debs = [ "fonts-firacode" ]; description = "Monospace font with programming ligatures"; license = "mit"; kind = "data"; };
  hack-font = { debs = [ "fonts-hack" ]; description = "Typeface designed for source code"; license = "mit"; kind = "data"; };
  jetbrains-mono = { debs = [ "fonts-jetbrains-mono" ]; description = "Typeface made for developers"; license = "mit"; kind = "data"; };
  liberation_ttf = { debs = [ "fonts-liberation" ]; pname = "liberation-fonts"; description = "Liberation Fonts, replacements for Times New Roman, Arial, and Courier New"; license = "mit"; kind = "data"; };

  # Programs that setups ask for.
  hello = { description = "Program that produces a familiar, friendly greeting"; license = "gpl3Plus"; };
  git = {
    debs = [ "git" ];
    description = "Distributed version control system";
    license = "gpl2Only";
    env = { GIT_EXEC_PATH = "lib/git-core"; GIT_TEMPLATE_DIR = "share/git-core/templates"; };
  };
  jq = { description = "Lightweight and flexible command-line JSON processor"; license = "mit"; };
  ripgrep = { description = "Utility that combines the usability of The Silver Searcher with the raw speed of grep"; license = "mit"; mainProgram = "rg"; };
  fd = { debs = [ "fd-find" ]; description = "Simple, fast and user-friendly alternative to find"; license = "asl20"; postInstall = "rm -f bin/fdfind; mv lib/cargo/bin/fd bin/fd; rm -rf lib"; };
  bat = { description = "Cat(1) clone with syntax highlighting and Git integration"; license = "asl20"; rename.batcat = "bat"; };
  tmux = { description = "Terminal multiplexer"; license = "bsd3"; };
  vim = {
    debs = [ "vim" "vim-runtime" ];
    description = "Most popular clone of the VI editor";
    license = "vim";
    rename."vim.basic" = "vim";
    programs = [ "vim" "vimtutor" ];
    env = { VIM = "share/vim"; };
    postInstall = "ln -s vim bin/vi; ln -s vim bin/view; ln -s vim bin/vimdiff; rm -f share/vim/vimrc share/vim/vimrc.tiny";
  };
  neovim = {
    debs = [ "neovim" "neovim-runtime" ];
    description = "Vim text editor fork focused on extensibility and agility";
    license = "asl20";
    mainProgram = "nvim";
    env = { VIMRUNTIME = "share/nvim/runtime"; };
  };
  htop = { description = "Interactive process viewer"; license = "gpl2Only"; };
  tree = { description = "Command to produce a depth indented directory listing"; };
  # With a Python of its own, whose library is among the shared ones.
  crudini = {
    debs = [ "crudini" "python3-iniparse" "python3.*-minimal" ];
    description = "Utility for manipulating ini files";
    license = "gpl2Only";
    postInstall = ''
      mkdir -p libexec
      mv bin/python3.* libexec/python3
      printf '#!/bin/sh\nexec env PYTHONHOME=%s PYTHONPATH=%s/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 %s/libexec/python3 -m crudini "$@"\n' "$libs" "$out" "$out" > bin/crudini
      chmod +x bin/crudini
    '';
  };
  curl = { description = "Command line tool for transferring files with URL syntax"; license = "curl"; };
  zsh = {
    debs = [ "zsh-static" "zsh-common" ];
    description = "Z shell";
    license = "mit";
    rename."zsh-static" = "zsh";
    programs = [ "zsh" ];
    # A wrapper would take the dash from a login shell's name, so the binary itself says where its functions are: the
    # three places that it looks in first, which lie one behind the other in it, make room for one in the store.
    postInstall = ''
      mkdir -p "share/zsh/$version"
      mv share/zsh/functions share/zsh/all
      mkdir "share/zsh/$version/functions"
      find share/zsh/all -type f -exec mv -t "share/zsh/$version/functions" {} +
      rm -r share/zsh/all
      FUNCTIONS="$out/share/zsh/$version/functions" perl -0777 -pi -e '
        my $path = $ENV{FUNCTIONS};
        my $places = join "\\0+", "/usr/local/share/zsh/site-functions", map { "/usr/share/zsh/vendor-$_" } "functions", "completions";
        /$places\0/ or die "the places of functions are not in the binary\n";
        my ($at, $room) = ($-[0], $+[0] - $-[0]);
        die "the path is too long\n" if length $path >= $room;
        substr($_, $at, $room) = $path . "\0" x ($room - length $path);
      ' bin/zsh
    '';
  };
  thunderbird = {
    description = "Full-featured e-mail client";
    license = "mpl20";
    postInstall = ''
      rm -f bin/thunderbird
      printf '#!/bin/sh\nexec %s/lib/thunderbird/thunderbird "$@"\n' "$out" > bin/thunderbird
      chmod +x bin/thunderbird
    '';
  };
  keepassxc = {
    debs = [ "keepassxc-minimal" ];
    description = "Offline password manager with many features";
    # Without a display it can still answer on the command line.
    postInstall = ''
      mv bin/keepassxc bin/.keepassxc-wrapped
      printf '#!/bin/sh\nexport QT_PLUGIN_PATH=%s/lib/qt5/plugins:%s/lib/qt6/plugins\n[ -n "$DISPLAY$WAYLAND_DISPLAY" ] || export QT_QPA_PLATFORM=offscreen\nexec %s/bin/.keepassxc-wrapped "$@"\n' "$libs" "$libs" "$out" > bin/keepassxc
      chmod +x bin/keepassxc
    '';
  };
  pass = { description = "Stores, retrieves, generates, and synchronizes passwords securely"; };
  xdg-user-dirs = { description = "Tool to help manage well known user directories like the desktop folder and the music folder"; mainProgram = "xdg-user-dir"; };
  alacritty = { description = "Cross-platform, GPU-accelerated terminal emulator"; license = "asl20"; };
  atuin = { description = "Replacement for a shell history which records additional commands context"; license = "mit"; };
  firefox-unwrapped = {
    debs = [ "firefox-esr" ];
    pname = "firefox";
    description = "Web browser built from Firefox source tree";
    license = "mpl20";
    postInstall = ''
      mv lib/firefox-esr lib/firefox
      mv lib/firefox/firefox-esr lib/firefox/firefox
      rm -f bin/*
      printf '#!/bin/sh\nexec %s/lib/firefox/firefox "$@"\n' "$out" > bin/firefox
      chmod +x bin/firefox
      if [ -e share/applications/firefox-esr.desktop ]; then
        sed -i "s,/usr/lib/firefox-esr/firefox-esr,firefox,; s,Exec=firefox-esr,Exec=firefox," share/applications/firefox-esr.desktop
        mv share/applications/firefox-esr.desktop share/applications/firefox.desktop
      fi
    '';
  };
  foot = { description = "Fast, lightweight and minimalistic Wayland terminal emulator"; license = "mit"; };
  gh = { description = "GitHub CLI tool"; license = "mit"; };
  git-lfs = { description = "Git extension for versioning large files"; license = "mit"; };
  isync = { description = "Free IMAP and MailDir mailbox synchronizer"; mainProgram = "mbsync"; };
  kitty = { description = "Fast, feature-rich, GPU based terminal emulator"; license = "gpl3Only"; };
  lazygit = { description = "Simple terminal UI for git commands"; license = "mit"; };
  mako = { debs = [ "mako-notifier" ]; description = "Lightweight Wayland notification daemon"; license = "mit"; };
  msmtp = { description = "Simple and easy to use SMTP client with excellent sendmail compatibility"; license = "gpl3Plus"; };
  openssl = { description = "Cryptographic library that implements the SSL and TLS protocols"; license = "asl20"; };
  sd = { description = "Intuitive find & replace CLI"; license = "mit"; };
  shfmt = { description = "Shell parser and formatter"; license = "bsd3"; };
  syncthing = { description = "Open Source Continuous File Synchronization"; license = "mpl20"; };
  age = { description = "Modern encryption tool with small explicit keys"; license = "bsd3"; };
  bc = { description = "GNU software calculator"; license = "gpl3Plus"; };
  btop = { description = "Monitor of resources"; license = "asl20"; };
  delta = { debs = [ "git-delta" ]; description = "Syntax-highlighting pager for git"; license = "mit"; };
  direnv = { description = "Shell extension that manages your environment"; license = "mit"; };
  duf = { description = "Disk Usage/Free Utility"; license = "mit"; };
  dust = { debs = [ "du-dust" ]; description = "du + rust = dust"; license = "asl20"; };
  entr = { description = "Run arbitrary commands when files change"; license = "isc"; };
  eza = { description = "Modern, maintained replacement for ls"; license = "mit"; };
  fastfetch = { description = "Actively maintained, feature-rich and performance oriented, neofetch like system information tool"; license = "mit"; };
  figlet = { description = "Program for making large letters out of ordinary text"; license = "bsd3"; rename."figlet-figlet" = "figlet"; env = { FIGLET_FONTDIR = "share/figlet"; }; };
  file = { debs = [ "file" "libmagic-mgc" ]; description = "Program that shows the type of files"; license = "bsd2"; env = { MAGIC = "lib/file/magic.mgc"; }; };
  # fish takes what lies beside it only where its `etc` does, too.
  fish = { debs = [ "fish" "fish-common" ]; description = "Smart and user-friendly command line shell"; license = "gpl2Only"; keep = [ "etc" ]; };
  fzf = { description = "Command-line fuzzy finder"; license = "mit"; };
  gawk = { description = "GNU implementation of the Awk programming language"; license = "gpl3Plus"; };
  glow = { description = "Render markdown on the CLI, with pizzazz!"; license = "mit"; };
  gnumake = { debs = [ "make" ]; description = "Tool to control the generation of non-source files from sources"; license = "gpl3Plus"; mainProgram = "make"; };
  gnupatch = { debs = [ "patch" ]; description = "GNU Patch, a program to apply differences to files"; license = "gpl3Plus"; mainProgram = "patch"; };
  gnutar = { debs = [ "tar" ]; description = "GNU implementation of the tar archiver"; license = "gpl3Plus"; mainProgram = "tar"; };
  gzip = { description = "GNU zip compression program"; license = "gpl3Plus"; };
  hexyl = { description = "Command-line hex viewer"; license = "asl20"; };
  hyperfine = { description = "Command-line benchmarking tool"; license = "asl20"; };
  jo = { description = "Small utility to create JSON objects"; };
  just = { description = "Handy way to save and run project-specific commands"; license = "mit"; };
  lf = { description = "Terminal file manager written in Go and heavily inspired by ranger"; license = "mit"; };
  lsd = { description = "Next gen ls command"; license = "asl20"; };
  lsof = { description = "Tool to list open files"; license = "zlib"; };
  micro = { description = "Modern and intuitive terminal-based text editor"; license = "mit"; };
  nano = { description = "Small, user-friendly console text editor"; license = "gpl3Plus"; };
  ncdu = { description = "Disk usage analyzer with an ncurses interface"; license = "mit"; };
  nnn = { description = "Small ncurses-based file browser forked from noice"; license = "bsd2"; };
  procps = { description = "Utilities that give information about processes using the /proc filesystem"; mainProgram = "ps"; };
  pv = { description = "Tool for monitoring the progress of data through a pipeline"; license = "gpl3Plus"; };
  rclone = { description = "Command line program to sync files and directories to and from major cloud storage"; license = "mit"; };
  restic = { description = "Backup program that is fast, efficient and secure"; license = "bsd2"; path = [ "rclone" "openssh" ]; };
  rsync = { description = "Fast incremental file transfer utility"; license = "gpl3Plus"; programs = [ "rsync" "rsync-ssl" ]; };
  sl = { description = "Steam Locomotive runs across your terminal when you type 'sl'"; license = "bsd3"; };
  socat = { description = "Utility for bidirectional data transfer between two independent data channels"; license = "gpl2Only"; };
  sqlite = { debs = [ "sqlite3" ]; description = "Self-contained, serverless, zero-configuration, transactional SQL database engine"; license = "publicDomain"; mainProgram = "sqlite3"; };
  starship = { description = "Minimal, blazing fast, and extremely customizable prompt for any shell"; license = "isc"; };
  strace = { description = "System call tracer for Linux"; license = "lgpl21Plus"; };
  tealdeer = { description = "Very fast implementation of tldr in Rust"; license = "asl20"; mainProgram = "tldr"; };
  tig = { description = "Text-mode interface for git"; };
  tokei = { description = "Program that allows you to count your code, quickly"; license = "asl20"; };
  unzip = { description = "Extraction utility for archives compressed in .zip format"; license = "bsd3"; };
  wget = { description = "Tool for retrieving files using HTTP, HTTPS, and FTP"; license = "gpl3Plus"; };
  xz = { debs = [ "xz-utils" ]; description = "General-purpose data compression software, successor of LZMA"; license = "gpl2Plus"; };
  zip = { description = "Compressor/archiver for creating and modifying zipfiles"; license = "bsd3"; };
  zoxide = { description = "Fast cd command that learns your habits"; license = "mit"; };
  libnotify = { debs = [ "libnotify-bin" ]; description = "Library that sends desktop notifications to a notification daemon"; license = "lgpl21Plus"; mainProgram = "notify-send"; };
  mc = { debs = [ "mc" "mc-data" ]; description = "File manager and user shell for the GNU Project"; license = "gpl3Plus"; };
  nmap = { debs = [ "nmap" "nmap-common" ]; description = "Free and open source utility for network discovery and security auditing"; env = { NMAPDIR = "share/nmap"; }; };
  pciutils = { description = "Collection of programs for inspecting and manipulating configuration of PCI devices"; mainProgram = "lspci"; };
  psmisc = { description = "Set of small useful utilities that use the proc filesystem (such as fuser, killall and pstree)"; mainProgram = "killall"; };
  usbutils = { description = "Tools for working with USB devices, such as lsusb"; mainProgram = "lsusb"; };
  vte = { debs = [ "libvte-2.91-common" ]; description = "Library implementing a terminal emulator widget for GTK"; license = "lgpl3Plus"; kind = "data"; keep = [ "etc" ]; postInstall = "mv etc/profile.d/vte-*.sh etc/profile.d/vte.sh"; };
  w3m = { description = "Text-mode web browser"; license = "mit"; };
  which = { debs = [ "debianutils" ]; description = "Shows the full path of (shell) commands"; license = "gpl3Plus"; rename."which.debianutils" = "which"; programs = [ "which" ]; };
  wl-clipboard = { description = "Command-line copy/paste utilities for Wayland"; license = "gpl3Plus"; mainProgram = "wl-copy"; };
  xclip = { description = "Tool to access the X clipboard from a console application"; };
  xdg-terminal-exec = { description = "Reference implementation of the proposed XDG Default Terminal Execution Specification"; license = "gpl3Plus"; };
  xrandr = { debs = [ "x11-xserver-utils" ]; description = "Command line interface to X11 Resize, Rotate, and Reflect (RandR) extension"; license = "mit"; programs = [ "xrandr" ]; };
  xrdb = { debs = [ "x11-xserver-utils" ]; description = "X server resource database utility"; license = "mit"; programs = [ "xrdb" ]; };
  xset = { debs = [ "x11-xserver-utils" ]; description = "User preference utility for X servers"; license = "mit"; programs = [ "xset" ]; };
  xsetroot = { debs = [ "x11-xserver-utils" ]; description = "Root window parameter setting utility for X"; license = "mit"; programs = [ "xsetroot" ]; };
  xsel = { description = "Command-line program for getting and setting the contents of the X selection"; license = "mit"; };
  zstd = { description = "Zstandard real-time compression algorithm"; license = "bsd3"; };
}
// import ./system-packages.nix
