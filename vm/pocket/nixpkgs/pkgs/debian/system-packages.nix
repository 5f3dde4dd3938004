# What NixOS' own modules make a system of: the service manager, PAM, the C library and the programs around them. The
# pocket's own `nixos` leaves all of it to the guest; a checkout of the real modules finds it here.
let
  # Text files that name programs of a Debian system name those of this package.
  ownPaths = ''
    grep -rlIE '/usr/(s?bin|lib)/|[= ]/s?bin/|^Exec[A-Za-z]*=[-@:+!|]*[a-z]' lib example etc share/dbus-1 2>/dev/null | while IFS= read -r file; do
      [[ -L $file ]] || sed -i -E "s,(^|[^a-z0-9])/usr/lib/(systemd|udev)/,\1$out/lib/\2/,g; s,(^|[^a-z0-9])/(usr/)?s?bin/(udevadm|systemctl|systemd[a-z-]*|journalctl|networkctl|nix-daemon|dbus-daemon|dbus-send|kmod),\1$out/bin/\3,g" "$file"
      # The service manager would look for a bare name where a Debian system has programs.
      [[ -L $file ]] || for name in $(sed -nE 's,^Exec[A-Za-z]*=[-@:+!|]*([a-z][a-z-]*)( .*)?$,\1,p' "$file"); do
        [[ ! -e bin/$name ]] || sed -i -E "s,^(Exec[A-Za-z]*=[-@:+!|]*)$name( |$),\1$out/bin/$name\2," "$file"
      done
    done
  '';
in
{
  glibc = { debs = [ "libc6" "libc-bin" "nscd" ]; description = "GNU C Library"; license = "lgpl21Plus"; mainProgram = "getent"; };
  audit = { debs = [ "auditd" ]; description = "Audit Library"; mainProgram = "auditctl"; };
  # The C library looks for these in a place that is compiled in.
  debian-locales = {
    debs = [ "locales" "libc-bin" ];
    description = "Locales of the C library";
    license = "lgpl21Plus";
    postInstall = ''
      gunzip --keep share/i18n/charmaps/UTF-8.gz
      I18NPATH=$out/share/i18n localedef --no-archive -i en_US -f UTF-8 "$out/lib/locale/en_US.utf8" || [[ -s lib/locale/en_US.utf8/LC_CTYPE ]]
      rm -rf bin sbin etc share
    '';
  };
  systemd = {
    debs = [ "systemd" "udev" "libpam-systemd" "libnss-systemd" "libnss-myhostname" "libsystemd-shared" "systemd-timesyncd" "systemd-coredump" "systemd-oomd" ];
    description = "System and service manager for Linux";
    license = "lgpl21Plus";
    mainProgram = "systemctl";
    keep = [ "systemd" ];
    # Units and settings are examples, of which a system takes what it wants.
    postInstall = ''
      mkdir -p example/systemd
      mv lib/systemd/system lib/systemd/user example/systemd/
      mv lib/tmpfiles.d lib/sysctl.d lib/sysusers.d example/
      rm -rf lib/environment.d
      ${ownPaths}
    '';
  };
  pam = { debs = [ "libpam-modules" "libpam-modules-bin" ]; description = "Pluggable Authentication Modules, a flexible mechanism for authenticating user"; license = "bsd3"; };
  dbus = {
    debs = [ "dbus" "dbus-bin" "dbus-daemon" "dbus-session-bus-common" "dbus-system-bus-common" "dbus-user-session" ];
    description = "Simple interprocess messaging system";
    mainProgram = "dbus-daemon";
    keep = [ "etc" "systemd" ];
    postInstall = ''
      mkdir -p libexec
      ln -s ../lib/dbus-1.0/dbus-daemon-launch-helper libexec/dbus-daemon-launch-helper
      rm -rf lib/systemd/user-environment-generators lib/systemd/*/*.wants
      ${ownPaths}
      # A system's settings lie in its /etc; those of the package are compiled in.
      sed -i '/^ExecStart=/s, --system , --config-file=/etc/dbus-1/system.conf ,' lib/systemd/system/dbus.service
      sed -i '/^ExecStart=/s, --session , --config-file=/etc/dbus-1/session.conf ,' lib/systemd/user/dbus.service
    '';
  };
  util-linux = { debs = [ "util-linux" "util-linux-extra" "mount" "fdisk" "login" "bsdutils" ]; description = "Set of system utilities for Linux"; };
  shadow = { debs = [ "passwd" "login" "login.defs" "uidmap" ]; description = "Suite containing authentication-related tools such as passwd and su"; license = "bsd3"; passthru.shellPath = "/bin/nologin"; postInstall = "ln -s ../bin/false bin/nologin || true"; };
  kmod = { description = "Tools for loading and managing Linux kernel modules"; license = "lgpl21Plus"; };
  perl = {
    debs = [ "perl" "perl-base" "perl-modules-5.40" "libperl5.40" "libfile-slurp-perl" "libjson-perl" "libconfig-inifiles-perl" "libnet-dbus-perl" "libxml-twig-perl" "libxml-parser-perl" ];
    description = "Standard implementation of the Perl 5 programming language";
    keep = [ "perl5" ];
    programs = [ "perl" ];
    # The places of modules are compiled in; these stand before them.
    postInstall = ''
      mv bin/perl bin/.perl-wrapped
      places=$(for place in lib/perl-base lib/perl/5.* share/perl/5.* lib/perl5/5.* share/perl5; do [[ ! -d $place ]] || printf '%s:' "$out/$place"; done)
      printf '#!%s\nexport PERL5LIB=%s"$PERL5LIB"\nexec -a "$0" %s/bin/.perl-wrapped "$@"\n' "$bash" "$places" "$out" > bin/perl
      chmod +x bin/perl
    '';
  };
  nix = { debs = [ "nix-bin" "nix-setup-systemd" ]; description = "Powerful package manager that makes package management reliable and reproducible"; license = "lgpl21Plus"; keep = [ "systemd" ]; postInstall = ownPaths + "sed -i -e 's/ 770 root nix-users/ 0755 root root/' lib/tmpfiles.d/nix-daemon.conf"; };
  nsncd = { description = "Name service non-caching daemon"; license = "asl20"; postInstall = "mkdir -p bin; ln -s ../libexec/nsncd bin/nsncd"; };
  sudo = { description = "Command to run commands as root"; license = "bsd3"; postInstall = "mkdir -p lib/sudo; for file in libexec/sudo/*.so*; do ln -s ../../$file lib/sudo/; done"; };
  iproute2 = { description = "Collection of utilities for controlling TCP/IP networking and traffic control in Linux"; license = "gpl2Only"; };
  iputils = { debs = [ "iputils-ping" ]; description = "Set of small useful utilities for Linux networking"; mainProgram = "ping"; };
  dhcpcd = { debs = [ "dhcpcd-base" ]; description = "Client for the Dynamic Host Configuration Protocol (DHCP)"; license = "bsd2"; };
  e2fsprogs = { debs = [ "e2fsprogs" "logsave" ]; description = "Tools for creating and checking ext2/ext3/ext4 filesystems"; };
  dosfstools = { description = "Utilities for creating and checking FAT and VFAT file systems"; license = "gpl3Plus"; };
  fuse3 = { description = "Library that allows filesystems to be implemented in user space"; mainProgram = "fusermount3"; postInstall = "ln -sf fusermount3 bin/fusermount"; };
  kexec-tools = { description = "Tools related to the kexec Linux feature"; license = "gpl2Only"; mainProgram = "kexec"; };
  kbd = { description = "Linux keyboard tools and keyboard maps"; mainProgram = "setfont"; };
  nettools = { debs = [ "net-tools" "hostname" ]; description = "Set of tools for controlling the network subsystem in Linux"; mainProgram = "ifconfig"; };
  openresolv = { description = "Program to manage /etc/resolv.conf"; license = "bsd2"; mainProgram = "resolvconf"; };
  logrotate = { description = "Rotates and compresses system logs"; };
  acl = { description = "Library and tools for manipulating access control lists"; mainProgram = "getfacl"; };
  attr = { description = "Library and tools for manipulating extended attributes"; mainProgram = "getfattr"; };
  bzip2 = { description = "High-quality data compression program"; license = "bsd3"; };
  cpio = { description = "Program to create or extract from cpio archives"; license = "gpl3Plus"; };
  libcap = { debs = [ "libcap2-bin" ]; description = "Library for working with POSIX capabilities"; license = "bsd3"; mainProgram = "capsh"; };
  netcat = { debs = [ "netcat-openbsd" ]; description = "Utility which reads and writes data across network connections"; license = "bsd3"; mainProgram = "nc"; rename."nc.openbsd" = "nc"; };
  mkpasswd = { debs = [ "whois" ]; description = "Overfeatured front-end to crypt"; programs = [ "mkpasswd" ]; };
  texinfo = { debs = [ "install-info" ]; description = "GNU documentation system"; license = "gpl3Plus"; mainProgram = "install-info"; };
  texinfoInteractive = { debs = [ "info" ]; description = "Reader of Info documentation"; license = "gpl3Plus"; mainProgram = "info"; };
  time = { description = "Tool that runs programs and summarizes the system resources they use"; license = "gpl3Plus"; };
  tzdata = { description = "Database of current and historical time zones"; license = "publicDomain"; };
  iana-etc = { debs = [ "netbase" ]; description = "IANA protocol and port number assignments"; license = "publicDomain"; keep = [ "etc" ]; };
  cacert = {
    debs = [ "ca-certificates" ];
    description = "Bundle of X.509 certificates of public Certificate Authorities (CA)";
    license = "publicDomain";
    postInstall = "mkdir -p etc/ssl/certs etc/ssl/trust-source; cat share/ca-certificates/mozilla/*.crt > etc/ssl/certs/ca-bundle.crt; rm -rf bin share";
  };
}
