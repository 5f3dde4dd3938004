# Services that are written once for every manager of services (modular services): refused by name.
{ lib, ... }:
{
  configure = _: {
    serviceSubmodule = lib.mkOptionType {
      name = "modular service";
      merge = loc: _: import ../../not-modelled.nix (lib.showOption loc);
    };
  };
  flattenMapServicesConfigToList = _: _: _: [ ];
  getWarnings = _: _: [ ];
  getAssertions = _: _: [ ];
}
