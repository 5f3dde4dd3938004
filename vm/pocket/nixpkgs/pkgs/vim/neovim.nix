# Neovim with plugins and a start-up file of its own, by the names that Home Manager's module calls.
{
  lib,
  pkgs,
  packDir,
}:
let
  normalized = map (p: { plugin = p; config = null; optional = false; } // lib.optionalAttrs (p ? plugin) p);

  makeVimPackageInfo =
    plugins:
    let
      all = normalized plugins;
      of = optional: map (p: p.plugin) (lib.filter (p: p.optional == optional) all);
    in
    {
      vimPackage = { start = of false; opt = of true; };
      pluginPython3Packages = [ ];
      runtimeDeps = lib.concatMap (p: p.plugin.runtimeDeps or [ ]) all;
      userPluginViml = map (p: p.config) (lib.filter (p: p.config != null) all);
    };

  # Other languages are not modelled, so Neovim looks for none of them.
  providers = "vim.g.loaded_node_provider=0;vim.g.loaded_perl_provider=0;vim.g.loaded_ruby_provider=0;vim.g.loaded_python3_provider=0\n";

  wrap =
    unwrapped:
    {
      plugins ? [ ],
      neovimRcContent ? "",
      packpathDirs ? { myNeovimPackages = (makeVimPackageInfo plugins).vimPackage; },
      viAlias ? false,
      vimAlias ? false,
      extraName ? "",
      wrapRc ? true,
      wrapperArgs ? [ ],
      ...
    }:
    let
      viml = lib.concatStringsSep "\n" (lib.filter (text: text != "") ((makeVimPackageInfo plugins).userPluginViml ++ [ neovimRcContent ]));
      luaRcContent = providers + lib.optionalString (viml != "") "vim.cmd.source \"${pkgs.writeText "init.vim" viml}\"\n";
    in
    pkgs.stdenv.mkDerivation (final: {
      name = "neovim-${unwrapped.version}${extraName}";
      inherit (unwrapped) version;
      pname = "neovim";
      __structuredAttrs = true;
      inherit packpathDirs luaRcContent viml;
      arguments = if builtins.isString wrapperArgs then wrapperArgs else lib.escapeShellArgs wrapperArgs;
      # What a caller takes out afterwards (`overrideAttrs`) is not looked in.
      packages = if lib.all (p: p.start or [ ] ++ p.opt or [ ] == [ ]) (builtins.attrValues final.packpathDirs) then "" else "${packDir final.packpathDirs}";
      startUp = if wrapRc then "${pkgs.writeText "init.lua" luaRcContent}" else "";
      buildCommand = ''
        mkdir -p $out/bin
        ln -s ${unwrapped}/share $out/share
        eval "set -- $arguments"
        [[ -z $packages ]] || set -- --add-flags "--cmd 'set packpath^=$packages | set rtp^=$packages'" "$@"
        [[ -z $startUp ]] || set -- --add-flags "-u $startUp" "$@"
        makeWrapper ${unwrapped}/bin/nvim $out/bin/nvim "$@"
        ${lib.optionalString viAlias "ln -s nvim $out/bin/vi"}
        ${lib.optionalString vimAlias "ln -s nvim $out/bin/vim"}
      '';
      preferLocalBuild = true;
      allowSubstitutes = false;
      passthru = { inherit unwrapped; initRc = viml; };
      meta = removeAttrs unwrapped.meta [ "name" ];
    });
in
{
  neovimUtils = {
    inherit makeVimPackageInfo packDir;
    makeNeovimConfig =
      {
        customRC ? "",
        plugins ? [ ],
        ...
      }@args:
      removeAttrs args [ "customRC" ]
      // {
        neovimRcContent = lib.concatStringsSep "\n" (lib.filter (text: text != "") ((makeVimPackageInfo plugins).userPluginViml ++ [ customRC ]));
        plugins = map (p: p // { config = null; }) (normalized plugins);
        packpathDirs.myNeovimPackages = (makeVimPackageInfo plugins).vimPackage;
        wrapperArgs = [ ];
      };
  };
  wrapNeovimUnstable = wrap;
  wrapNeovim = unwrapped: { configure ? { }, ... }@args: wrap unwrapped (
    removeAttrs args [ "configure" ] // { neovimRcContent = configure.customRC or ""; packpathDirs = configure.packages or { }; }
  );
}
