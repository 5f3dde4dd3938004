{ lib, ... }:
{
  options.systemd.user.sessionVariables = lib.mkOption {
    type = lib.types.attrsOf (lib.types.either lib.types.int lib.types.str);
    default = { };
    description = "Environment variables that will be set for the user session.";
  };
}
