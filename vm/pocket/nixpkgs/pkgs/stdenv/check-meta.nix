# Refuses packages that the configuration does not allow, in nixpkgs' words.
{ lib, config }:
let
  isUnfree =
    meta:
    meta.unfree or false
    || lib.any (l: !(l.free or true)) (lib.filter builtins.isAttrs (lib.toList (meta.license or [ ])));
  licenseName =
    meta: lib.concatMapStringsSep ", " (l: l.shortName or l.fullName or (toString l)) (lib.toList (meta.license or { shortName = "unfree"; }));
  where = meta: meta.position or "«unknown-file»";

  allowsUnfree =
    { name, pname, meta }:
    config.allowUnfree
    || config.allowUnfreePredicate { inherit name pname meta; }
    || lib.elem pname config.allowUnfreePackages;

  refuse =
    { name, meta, ... }:
    reason: remedy: throw "Package ‘${name}’ in ${where meta} ${reason}, refusing to evaluate.\n\n${remedy}";

  unfreeRemedy = pname: ''
    a) To temporarily allow unfree packages, you can use an environment variable
       for a single invocation of the nix tools.

         $ export NIXPKGS_ALLOW_UNFREE=1

       Note: When using `nix shell`, `nix build`, `nix develop`, etc with a flake,
             then pass `--impure` in order to allow use of environment variables.

    b) For `nixos-rebuild` you can set
      { nixpkgs.config.allowUnfree = true; }
    in configuration.nix to override this.

    Alternatively you can configure a predicate to allow specific packages:
      { nixpkgs.config.allowUnfreePredicate = pkg: builtins.elem (lib.getName pkg) [
          "${pname}"
        ];
      }

    c) For `nix-env`, `nix-build`, `nix-shell` or any other Nix command you can add
      { allowUnfree = true; }
    to ~/.config/nixpkgs/config.nix.
  '';
  brokenRemedy = ''
    a) To temporarily allow broken packages, you can use an environment variable
       for a single invocation of the nix tools.

         $ export NIXPKGS_ALLOW_BROKEN=1

       Note: When using `nix shell`, `nix build`, `nix develop`, etc with a flake,
             then pass `--impure` in order to allow use of environment variables.

    b) For `nixos-rebuild` you can set
      { nixpkgs.config.allowBroken = true; }
    in configuration.nix to override this.

    c) For `nix-env`, `nix-build`, `nix-shell` or any other Nix command you can add
      { allowBroken = true; }
    to ~/.config/nixpkgs/config.nix.
  '';
in
{
  inherit isUnfree;
  assertValid =
    pkg:
    if isUnfree pkg.meta && !allowsUnfree pkg then
      refuse pkg "has an unfree license (‘${licenseName pkg.meta}’)" (unfreeRemedy pkg.pname)
    else if pkg.meta.broken && !config.allowBroken then
      refuse pkg "is marked as broken" brokenRemedy
    else
      x: x;
}
