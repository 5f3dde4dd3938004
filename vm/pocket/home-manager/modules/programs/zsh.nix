{ lib, ... }:
{
  options.programs.zsh = {
    enable = lib.mkEnableOption "zsh";
    shellAliases = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      description = "Aliases.";
    };
  };
}
