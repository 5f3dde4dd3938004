# Generated hardware-configuration.nix files of virtual machines import it; the
# guest has its drivers already.
{ }
