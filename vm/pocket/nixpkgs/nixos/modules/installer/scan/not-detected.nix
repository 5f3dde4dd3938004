# Generated hardware-configuration.nix files import it.
{ lib, ... }:
{
  hardware.enableRedistributableFirmware = lib.mkDefault true;
}
