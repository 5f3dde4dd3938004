# Vim with a vimrc of its own, and a few plugins to name.
{ lib, pkgs }:
let
  plugin =
    pname: version: text:
    (pkgs.runCommandLocal "vimplugin-${pname}-${version}" { inherit text; passAsFile = [ "text" ]; } ''
      mkdir -p $out/plugin
      cp "$textPath" $out/plugin/${pname}.vim
    '')
    // { inherit pname version; };

  # Plugins that setups name most often. They do nothing: a switch can link them and a session can start with them.
  stoodInFor = lib.genAttrs [
    "catppuccin-nvim" "cmp-buffer" "cmp-nvim-lsp" "cmp-path" "coc-nvim" "comment-nvim" "editorconfig-vim" "fzf-vim" "gitsigns-nvim"
    "gruvbox-nvim" "indent-blankline-nvim" "lualine-nvim" "luasnip" "neo-tree-nvim" "nerdtree" "nvim-autopairs" "nvim-cmp"
    "nvim-lspconfig" "nvim-tree-lua" "nvim-web-devicons" "plenary-nvim" "rust-vim" "telescope-nvim" "tokyonight-nvim" "vim-airline"
    "vim-fugitive" "vim-gitgutter" "vim-tmux-navigator" "which-key-nvim"
  ] (name: plugin name "0" "let g:loaded_${lib.replaceStrings [ "-" ] [ "_" ] name} = 1\n");

  # The folder of Vim packages: `pack/NAME/{start,opt}/PLUGIN`.
  packDir =
    packages:
    pkgs.linkFarm "vim-pack-dir" (
      lib.concatLists (
        lib.mapAttrsToList (
          name: p:
          lib.concatMap (
            kind:
            map (plug: {
              name = "pack/${name}/${kind}/${plug.pname or plug.name}";
              path = plug;
            }) (lib.unique (p.${kind} or [ ]))
          ) [ "start" "opt" ]
        ) packages
      )
    );

  # The start-up file: packages first, then what the user wrote.
  vimrcFile =
    {
      customRC ? "",
      beforePlugins ? "set nocompatible\n",
      packages ? { },
      ...
    }:
    let
      dir = packDir packages;
      packLines = lib.optionalString (packages != { }) "set packpath^=${dir}\nset runtimepath^=${dir}\n";
    in
    pkgs.writeText "vimrc" "${beforePlugins}\n${packLines}\n${customRC}\n";

  customize =
    vim:
    {
      name ? vim.name,
      vimrcConfig ? { },
      vimrcFile' ? null,
      ...
    }:
    let
      rc = vimrcFile vimrcConfig;
    in
    pkgs.runCommandLocal vim.name { meta = vim.meta // { mainProgram = "vim"; }; passthru = { inherit vim; vimrc = rc; }; } ''
      mkdir -p $out/bin
      for dir in ${vim}/*; do [[ ''${dir##*/} == bin ]] || ln -s "$dir" $out/; done
      printf '#!/bin/sh\nexec %s -u %s "$@"\n' ${vim}/bin/vim ${rc} > $out/bin/${if name == "" then "vim" else name}
      chmod +x $out/bin/*
      for f in vi view vimdiff; do
        case $f in vi) flag="" ;; view) flag=-R ;; vimdiff) flag=-d ;; esac
        printf '#!/bin/sh\nexec %s -u %s %s "$@"\n' ${vim}/bin/vim ${rc} "$flag" > $out/bin/$f
        chmod +x $out/bin/$f
      done
    '';
in
{
  inherit customize packDir vimrcFile;
  vimPlugins = stoodInFor // {
    nvim-treesitter =
      let
        self = plugin "nvim-treesitter" "0" "let g:loaded_nvim_treesitter = 1\n" // { withAllGrammars = self; withPlugins = _: self; };
      in
      self;
    vim-sensible = plugin "vim-sensible" "2.0" ''
      set backspace=indent,eol,start
      set nrformats-=octal
      set incsearch
      set laststatus=2
      set ruler
      set wildmenu
      set autoread
      set history=1000
    '';
    vim-nix = plugin "vim-nix" "0.1.0" "autocmd BufNewFile,BufRead *.nix setfiletype nix\n";
    vim-surround = plugin "vim-surround" "2.2" "let g:loaded_surround = 1\n";
    vim-commentary = plugin "vim-commentary" "1.3" "let g:loaded_commentary = 1\n";
  };
}
