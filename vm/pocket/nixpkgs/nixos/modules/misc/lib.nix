{ lib, ... }:
{
  options.lib = lib.mkOption {
    type = lib.types.attrsOf lib.types.attrs;
    default = { };
    description = "Helper functions and constants that modules define.";
  };
}
