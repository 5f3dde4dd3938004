# home.stateVersion and the channel's own version.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  releaseInfo = import ../../release.nix;
  # Two releases a year, from 18.09 to the newest that there is a default for: in March and September, since 2021 in
  # May and November. Home Manager also takes 21.03, which nixpkgs' move to May left without a release.
  months = year: if year < 21 then [ "03" "09" ] else lib.optional (year == 21) "03" ++ [ "05" "11" ];
  inYear = year: map (month: "${toString year}.${month}") (months year);
  releases = lib.tail (lib.concatMap inYear (lib.range 18 26));
  fixed =
    type: default: description:
    mkOption {
      internal = true;
      readOnly = true;
      inherit type default description;
    };
in
{
  options.home = {
    stateVersion = mkOption {
      type = types.enum (lib.filter (version: lib.versionAtLeast releaseInfo.release version) releases);
      description = "The release whose defaults this home was made for.";
    };
    version = {
      full = fixed types.str config.home.version.release "The full Home Manager version.";
      release = fixed types.str releaseInfo.release "The Home Manager release.";
      isReleaseBranch = fixed types.bool releaseInfo.isReleaseBranch "Whether this is a release branch.";
      revision = mkOption {
        internal = true;
        type = types.nullOr types.str;
        default = null;
        description = "The Git revision.";
      };
    };
  };
}
