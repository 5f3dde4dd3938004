# The type of home.file, xdg.configFile and the like.
{
  homeDirectory,
  lib,
  pkgs,
}:
let
  inherit (lib) mkOption types;
  inherit (import ./since.nix) since withoutYounger;

  inherit (import ./text-file.nix { inherit lib pkgs; }) textFile;
in
{
  # opt: the option's name; basePath: what relative targets are relative to.
  fileType =
    _opt: _basePathDesc: basePath:
    types.attrsOf (
      types.submodule (
        { name, config, ... }:
        {
          options = withoutYounger { ignorelinks = "25.05"; } {
            enable = mkOption {
              type = types.bool;
              default = true;
              description = "Whether this file should be generated.";
            };
            target = mkOption {
              type = if since "26.05" then types.nonEmptyStr else types.str;
              apply =
                p:
                let
                  absolute = if lib.hasPrefix "/" p then p else "${basePath}/${p}";
                in
                lib.removePrefix (homeDirectory + "/") absolute;
              description = "Path to target file relative to the base path.";
            };
            text = mkOption {
              default = null;
              type = types.nullOr types.lines;
              description = "Text of the file. If this option is null then source must be set.";
            };
            source = mkOption {
              type = types.path;
              description = "Path of the source file or directory.";
            };
            executable = mkOption {
              type = types.nullOr types.bool;
              default = null;
              description = "Set the execute bit; null keeps the mode of the source.";
            };
            recursive = mkOption {
              type = types.bool;
              default = false;
              description = "Whether a source directory is linked file by file.";
            };
            ignorelinks = mkOption {
              type = types.bool;
              default = false;
              description = "With recursive, link to symbolic links of the source instead of following them.";
            };
            onChange = mkOption {
              type = types.lines;
              default = "";
              description = "Shell commands to run when file has changed between generations.";
            };
            force = mkOption {
              type = types.bool;
              default = false;
              description = "Whether the target path should be unconditionally replaced.";
            };
          };
          config = {
            target = lib.mkDefault name;
            source = lib.mkIf (config.text != null) (
              lib.mkDefault (textFile (lib.hm.strings.storeFileName name) config.text (config.executable == true))
            );
          };
        }
      )
    );
}
