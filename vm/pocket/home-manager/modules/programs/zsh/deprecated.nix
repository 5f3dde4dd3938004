# Options of before initContent, which hold text at a place of their own.
{ config, lib, ... }:
let
  cfg = config.programs.zsh;
  old =
    name: instead: example:
    lib.mkOption {
      default = "";
      type = lib.types.lines;
      visible = false;
      apply =
        x:
        lib.warnIfNot (x == "") ''
          `programs.zsh.${name}` is deprecated, use `programs.zsh.initContent` ${instead}.

          Example: programs.zsh.initContent = ${example}"your content here";
        '' x;
      description = "Text for .zshrc.";
    };
in
{
  options.programs.zsh = {
    initExtraBeforeCompInit = old "initExtraBeforeCompInit" "with `lib.mkOrder 550` instead" "lib.mkOrder 550 ";
    initExtra = old "initExtra" "instead" "";
    initExtraFirst = old "initExtraFirst" "with `lib.mkBefore` instead" "lib.mkBefore ";
  };
  config.programs.zsh.initContent = lib.mkMerge [
    (lib.mkIf (cfg.initExtraFirst != "") (lib.mkBefore cfg.initExtraFirst))
    (lib.mkIf (cfg.initExtraBeforeCompInit != "") (lib.mkOrder 550 cfg.initExtraBeforeCompInit))
    (lib.mkIf (cfg.initExtra != "") cfg.initExtra)
  ];
}
