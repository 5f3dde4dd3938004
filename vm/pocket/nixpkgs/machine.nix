# What a system must be to run in the guest's machine: its kernel, its disk and its network are the machine's. At the
# priority at which nixpkgs' own virtual machines override a host.
{ lib, ... }:
let
  override = lib.mkOverride 10;
in
{
  boot = {
    kernel.enable = override false;
    initrd.enable = override false;
    initrd.luks.devices = override { };
    loader.grub.enable = override false;
    loader.systemd-boot.enable = override false;
    loader.initScript.enable = override true;
  };
  fileSystems = override {
    "/" = {
      device = "/dev/vda";
      fsType = "ext4";
    };
  };
  swapDevices = override [ ];
  networking.useDHCP = override false;
  networking.firewall.enable = override false;
  # Where the script that stands for a boot loader looks.
  system.activationScripts.bootFolder = "mkdir -p /boot";
  # Sessions are begun by `su`.
  security.pam.services.su.startSession = override true;
  # Without a network there is no cache to ask.
  nix.settings.substituters = override [ ];
}
