{ lib, ... }:
{
  options.programs.vim = {
    enable = lib.mkEnableOption "vim";
    shellAliases = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      description = "Aliases.";
    };
  };
}
