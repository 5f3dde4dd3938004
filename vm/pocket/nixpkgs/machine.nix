# What a system must be to run in the guest's machine: its kernel, its disk and its network are the machine's. At the
# priority at which nixpkgs' own virtual machines override a host.
{
  config,
  lib,
  pkgs,
  extendModules,
  ...
}:
let
  override = lib.mkOverride 10;

  # The host as it is without this file, for what it says there is not tested.
  own = (extendModules { modules = [ { disabledModules = [ ./machine.nix ]; } ]; }).config;
  named = what: names: lib.optional (names != [ ]) "${what} ${lib.concatStringsSep ", " names}";
  mounts = lib.mapAttrsToList (
    place: it: if it.device == null then place else "${place} on ${it.device}"
  ) (lib.filterAttrs (_: it: it.device != "/dev/vda") own.fileSystems);
  replaced = lib.concatLists [
    [ "the kernel, its modules and parameters, the initrd" ]
    (lib.optional own.hardware.enableRedistributableFirmware "firmware")
    (named "GRUB on" (lib.optionals own.boot.loader.grub.enable own.boot.loader.grub.devices))
    (lib.optional own.boot.loader.systemd-boot.enable "systemd-boot")
    (named "the disk layout:" mounts)
    (named "LUKS:" (lib.attrNames own.boot.initrd.luks.devices))
    (named "swap on" (map (it: it.device) own.swapDevices))
    (lib.optional own.networking.useDHCP "DHCP")
    (lib.optional own.networking.firewall.enable "the firewall")
    (named "binary caches:" (
      lib.subtractLists config.nix.settings.substituters own.nix.settings.substituters
    ))
  ];
in
{
  boot = {
    kernel.enable = override false;
    initrd.enable = override false;
    initrd.luks.devices = override { };
    kernelModules = override [ ];
    extraModulePackages = override [ ];
    loader.grub.enable = override false;
    loader.systemd-boot.enable = override false;
    loader.generic-extlinux-compatible.enable = override false;
    loader.initScript.enable = override true;
  };
  fileSystems = override {
    "/" = {
      device = "/dev/vda";
      fsType = "ext4";
    };
  };
  swapDevices = override [ ];
  hardware = {
    enableAllFirmware = override false;
    enableRedistributableFirmware = override false;
    cpu.amd.updateMicrocode = override false;
    cpu.intel.updateMicrocode = override false;
  };
  networking.useDHCP = override false;
  networking.firewall.enable = override false;
  # Where the script that stands for a boot loader looks.
  system.activationScripts.bootFolder = "mkdir -p /boot";
  # Sessions are begun by `su`.
  security.pam.services.su.startSession = override true;
  # Without a network there is no cache to ask.
  nix.settings.substituters = override [ ];

  # Told in every report.
  system.systemBuilderCommands = ''
    ln -s ${pkgs.writeText "replaced-by-the-machine" (lib.concatLines replaced)} $out/replaced-by-the-machine
  '';
}
