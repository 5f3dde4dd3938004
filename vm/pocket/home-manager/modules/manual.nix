# The manual is not modelled; its options are accepted.
{ lib, ... }:
{
  options.manual = lib.genAttrs [ "html" "json" "manpages" ] (kind: {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = kind == "manpages";
      description = "Whether to install the ${kind} manual.";
    };
  });
}
