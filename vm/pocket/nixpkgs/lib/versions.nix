# Parts of a version such as 26.05.3.
{ lib }:
let
  part = i: v: builtins.elemAt (builtins.splitVersion v) i;
in
{
  inherit (builtins) splitVersion;
  major = part 0;
  minor = part 1;
  patch = part 2;
  majorMinor = v: lib.concatStringsSep "." (lib.take 2 (builtins.splitVersion v));
  pad = n: v: lib.concatStringsSep "." (lib.take n (builtins.splitVersion v ++ lib.lists.replicate n "0"));
}
