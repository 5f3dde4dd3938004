# What the machine's network is to a host: its card, its name server, and the binary caches that the case names.
{ lib, extendModules, ... }:
let
  # Stronger than what `machine.nix` says of a machine without a network.
  override = lib.mkOverride 9;

  caches = lib.importJSON ./caches.json;
  own =
    (extendModules {
      modules = [
        {
          disabledModules = [
            ./machine.nix
            ./network.nix
          ];
        }
      ];
    }).config;
in
{
  nix.settings.substituters = override (
    lib.optionals caches.own own.nix.settings.substituters ++ caches.substituters
  );
  nix.settings.trusted-public-keys = caches.publicKeys;

  # A host without an initrd has an `init` that activates it. Before 26.05 that takes one without systemd's initrd, too;
  # since then to say so is deprecated.
  boot.initrd.systemd.enable = lib.mkIf (lib.versionOlder lib.trivial.release "26.05") (
    override false
  );

  environment.etc."resolv.conf".text = override "nameserver 10.0.2.3\n";
  networking.resolvconf.enable = override false;
  systemd.services.switchproof-network = {
    description = "The network card, on QEMU's user-mode network";
    wantedBy = [ "multi-user.target" ];
    before = [
      "network-online.target"
      "nix-daemon.service"
    ];
    restartIfChanged = false;
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
    # The kernel, its modules and the programs for both are the machine's, in whose Debian they lie with their libraries.
    script = ''
      debian=/run/switchproof/debian
      for libraries in "$debian"/usr/lib/*-linux-gnu; do :; done
      run() {
        "$libraries"/ld-linux-*.so.* --library-path "$libraries" --argv0 "$@"
      }
      ip() { run ip "$debian/usr/bin/ip" "$@"; }
      run modprobe "$debian/usr/bin/kmod" --dirname "$debian" virtio_net
      ${builtins.readFile ./network-up}
    '';
  };
}
