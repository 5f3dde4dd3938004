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
  ncurses = { debs = [ "ncurses-bin" ]; description = "Free software emulation of curses in SVR4 and more"; license = "mit"; mainProgram = "tput"; };
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
  shared-mime-info = { description = "Database of common MIME types"; mainProgram = "update-mime-database"; };
  desktop-file-utils = { description = "Command line utilities for working with .desktop files"; mainProgram = "update-desktop-database"; };
  gnupg = { debs = [ "gpg" "gpg-agent" "gpgconf" "gpgsm" ]; description = "Modern release of the GNU Privacy Guard, a GPL OpenPGP implementation"; license = "gpl3Plus"; mainProgram = "gpg"; };
  openssh = { debs = [ "openssh-client" ]; description = "Implementation of the SSH protocol"; license = "bsd2"; mainProgram = "ssh"; };

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
  curl = { description = "Command line tool for transferring files with URL syntax"; license = "curl"; };
  zsh = {
    debs = [ "zsh-static" "zsh-common" ];
    description = "Z shell";
    license = "mit";
    rename."zsh-static" = "zsh";
    programs = [ "zsh" ];
    postInstall = ''
      mkdir -p share/zsh/all
      find "$out/share/zsh/functions" -type f -exec ln -sft share/zsh/all {} +
    '';
    env = { FPATH = "share/zsh/all"; };
  };
}
