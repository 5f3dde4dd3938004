{ lib, ... }:
{
  options.fonts.fontconfig.enable = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = "Whether to enable fontconfig configuration. Not modelled by the pocket channel beyond the default.";
  };
}
