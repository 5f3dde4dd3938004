# What the release that this channel stands in for has.
let
  inherit (import ../../release.nix) release;
in
rec {
  # Is it as young as this one?
  since = other: builtins.compareVersions release other >= 0;
  # Options without those that came with a later release: releases are given by option.
  withoutYounger =
    releases: options: removeAttrs options (builtins.filter (name: !since releases.${name}) (builtins.attrNames releases));
}
