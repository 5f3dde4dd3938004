# What NixOS' own modules ask of a package set besides programs: other names, outputs, and functions. The pocket's own
# `nixos` needs none of it.
{
  lib,
  pkgs,
  prev,
}:
let
  # Modules name it, and nothing that runs in a guest calls it.
  nameOnly =
    name: more:
    let
      empty = pkgs.runCommandLocal "${name}-0" { meta.mainProgram = name; } "mkdir -p $out/bin $out/etc $out/lib $out/share";
    in
    empty // { pname = name; version = "0"; override = _: nameOnly name more; } // more;
  nameOnlys = lib.genAttrs [
    "bcache-tools"
    "btrfs-progs"
    "hicolor-icon-theme"
    "host"
    "lvm2"
    "makeInitrdNGTool"
    "mdadm"
    "nix-bash-completions"
    "nix-info"
    "nixos-container"
    "sound-theme-freedesktop"
    "xonsh"
  ] (name: nameOnly name { });
  rebuild = ../os-specific/linux/nixos-rebuild/nixos-rebuild.sh;
  # A copy of the program is all that is left of the wrapper in C, and does as well for what is to run as its owner.
  securityWrapper = sourceProg: pkgs.runCommandLocal "security-wrapper" { } "mkdir -p $out/bin; cp ${sourceProg} $out/bin/security-wrapper";
  kernel = nameOnly "linux" {
    config = {
      isEnabled = _: true;
      isYes = _: true;
    };
    features = { };
    modDirVersion = "0";
    override = _: kernel;
  };
in
nameOnlys
// {
  __splicedPackages = pkgs;
  pkgsi686Linux = pkgs;
  pkgsStatic.callPackage = _wrapper: { sourceProg, ... }: securityWrapper sourceProg;

  # The guest's kernel runs; a system has none of its own.
  linuxPackages = lib.makeExtensible (_: { inherit kernel; inherit (pkgs) stdenv callPackage; });

  getent = pkgs.glibc;
  getconf = pkgs.glibc;
  su = pkgs.util-linux;
  coreutils-full = pkgs.coreutils;
  util-linuxMinimal = pkgs.util-linux;
  fuse = pkgs.fuse3;
  lesspipe = nameOnly "lesspipe" { };
  kmod-debian-aliases = pkgs.emptyFile;
  kmod-blacklist-ubuntu = pkgs.writeTextDir "modprobe.conf" "";
  xorg = {
    inherit (pkgs) lndir;
    xauth = nameOnly "xauth" { };
  };
  shadow = prev.shadow // { su = pkgs.util-linux; };
  util-linux = prev.util-linux // { login = prev.util-linux; mount = prev.util-linux; };
  perl = prev.perl // { withPackages = _: pkgs.perl; };
  cacert = prev.cacert // { p11kit = pkgs.cacert; override = _: pkgs.cacert; };
  libxcrypt = pkgs.debianLibs // { enabledCryptSchemeIds = [ "y" "gy" "7" "2b" "2y" "2a" "6" "5" ]; };
  # A checkout may bring the real one.
  nixos-rebuild =
    (
      if builtins.pathExists rebuild then
        pkgs.writeScriptBin "nixos-rebuild" (
          builtins.replaceStrings
            [ "@runtimeShell@" "@nix@" "@path@" ]
            [ pkgs.runtimeShell "${pkgs.nix}" (lib.makeBinPath [ pkgs.jq pkgs.util-linux ]) ]
            (builtins.readFile rebuild)
        )
      else
        prev.nixos-rebuild
    )
    // { override = _: pkgs.nixos-rebuild; };
  nixos-option = prev.nixos-option // { override = _: pkgs.nixos-option; };
  systemd = prev.systemd // {
    inherit (pkgs) kbd kmod util-linux;
    interfaceVersion = 2;
  } // lib.genAttrs (map (it: "with${it}") [ "Bootloader" "Cryptsetup" "Efi" "Homed" "Importd" "Machined" "Portabled" "Sysupdate" "Tpm2Tss" "Tpm2Units" "Utmp" ]) (_: false)
  // lib.genAttrs (map (it: "with${it}") [ "Compression" "Coredump" "Hostnamed" "Kmod" "Localed" "Logind" "Networkd" "Nss" "Timedated" "Timesyncd" ]) (_: true);

  substitute = { src, substitutions ? [ ], name ? baseNameOf (toString src), ... }:
    pkgs.runCommandLocal (builtins.unsafeDiscardStringContext name) { } "substitute ${src} $out ${lib.escapeShellArgs substitutions}";
  makeFontsCache = _: pkgs.emptyDirectory;
  # The two buses' settings: what the package says of them, with the services of a system in place of its folders.
  makeDBusConf =
    { suidHelper, serviceDirectories, ... }:
    pkgs.runCommandLocal "dbus-1" { inherit serviceDirectories; } ''
      mkdir -p $out
      for bus in system session; do
        {
          sed -e '/<\/busconfig>/d' -e '/standard_.*_servicedirs/d' -e '/<servicehelper>/d' -e '/<include/d' \
            ${pkgs.dbus}/share/dbus-1/$bus.conf
          echo '<servicehelper>${suidHelper}</servicehelper>'
          services=services
          [[ $bus != system ]] || services=system-services
          for place in $serviceDirectories; do
            echo "<servicedir>$place/share/dbus-1/$services</servicedir>"
            for folder in etc share; do echo "<includedir>$place/$folder/dbus-1/$bus.d</includedir>"; done
          done
          echo '</busconfig>'
        } > $out/$bus.conf
      done
    '';
}
