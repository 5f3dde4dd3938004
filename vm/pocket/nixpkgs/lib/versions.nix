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
  # What follows a dash, as in 1.2-pre, stays at the end.
  pad =
    n: v:
    let
      number = lib.head (lib.splitString "-" v);
    in
    lib.concatStringsSep "." (lib.take n (builtins.splitVersion number ++ lib.lists.replicate n "0")) + lib.removePrefix number v;
}
