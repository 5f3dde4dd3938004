# Added to a system of NixOS' own modules over the pocket's packages: what Debian's build of a program needs that
# nixpkgs' does not, and what it does not have. A system on nixpkgs gets none of this.
{ lib, pkgs, ... }:
{
  imports = [ ./machine.nix ];

  # What is built is built by the programs of the guest that built the first system.
  nix.settings.sandbox-paths = [
    "/bin=/run/switchproof/debian/usr/bin"
    "/lib=/run/switchproof/debian/usr/lib"
    "/lib64=/run/switchproof/debian/usr/lib64"
    "/usr=/run/switchproof/debian/usr"
  ];

  # Debian's programs find these by a path that is compiled in.
  system.activationScripts.compiledInPaths = ''
    mkdir -p /usr/bin /usr/sbin /usr/lib /usr/libexec /var/lib/logrotate
    ln -sfn ${pkgs.systemd}/lib/systemd /usr/lib/systemd
    ln -sfn ${pkgs.systemd}/lib/udev /usr/lib/udev
    ln -sfn ${pkgs.debian-locales}/lib/locale /usr/lib/locale
    ln -sfn ${pkgs.pam}/lib/security /usr/lib/security
    ln -sfn ${pkgs.sudo}/libexec/sudo /usr/libexec/sudo
    for program in ${pkgs.util-linux}/bin/{mount,umount} ${pkgs.systemd}/bin/{journalctl,systemctl,systemd-sysusers,systemd-tmpfiles,udevadm}; do
      ln -sfn $program /usr/bin/
    done
    ln -sfn /run/wrappers/bin/unix_chkpwd /usr/sbin/unix_chkpwd
  '';

  # Debian's `su` asks PAM for another service where it begins a login session.
  security.pam.services.su-l = {
    rootOK = true;
    startSession = true;
  };

  # Units that Debian's systemd is built without.
  console.enable = false;
  systemd.services.systemd-vconsole-setup.enable = lib.mkForce false;
  systemd.suppressedSystemUnits = [
    "systemd-bootctl.socket"
    "systemd-bootctl@.service"
    "systemd-nspawn@.service"
    "systemd-vconsole-setup.service"
  ];

  # A checkout of the modules alone has no manual.
  documentation.nixos.enable = lib.mkIf (!builtins.pathExists ./nixos/doc/manual) false;

  # Built by a compiler, or checked by a program that there is only with nixpkgs.
  environment.stub-ld.enable = false;
  services.logrotate.checkConfig = false;
  system.switch = {
    enable = true;
    enableNg = false;
  };
}
