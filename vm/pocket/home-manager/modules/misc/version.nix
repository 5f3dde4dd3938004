# home.stateVersion and the channel's own version.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  releaseInfo = import ../../release.nix;
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
      type = types.enum (
        lib.filter (v: lib.versionAtLeast releaseInfo.release v) [
          "18.09"
          "19.03"
          "19.09"
          "20.03"
          "20.09"
          "21.03"
          "21.05"
          "21.11"
          "22.05"
          "22.11"
          "23.05"
          "23.11"
          "24.05"
          "24.11"
          "25.05"
          "25.11"
          "26.05"
          "26.11"
        ]
      );
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
