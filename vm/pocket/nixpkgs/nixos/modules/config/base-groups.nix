# The groups that every NixOS declares, with its numbers. The guest keeps
# Debian's groups of these names and their numbers.
{
  root = 0;
  wheel = 1;
  kmem = 2;
  tty = 3;
  messagebus = 4;
  disk = 6;
  audio = 17;
  floppy = 18;
  uucp = 19;
  lp = 20;
  cdrom = 24;
  tape = 25;
  video = 26;
  dialout = 27;
  utmp = 29;
  adm = 55;
  systemd-journal = 62;
  users = 100;
  input = 174;
  kvm = 302;
  render = 303;
  sgx = 304;
  shadow = 318;
  clock = 327;
  nixbld = 30000;
  nogroup = 65534;
}
