# Git: ~/.config/git/config and what is beside it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types mkIf mkDefault;
  cfg = config.programs.git;

  primitive = types.either types.str (types.either types.bool types.int);
  multiple = types.either primitive (types.listOf primitive);
  section = types.attrsOf multiple;
  gitIni = types.attrsOf (types.attrsOf (types.either multiple section));

  fragments = lib.filter (f: f != { }) (if builtins.isList cfg.settings then cfg.settings else [ ]);
  rendered = lib.filter (t: builtins.match "[[:space:]]*" t == null) (
    [ (lib.generators.toGitINI cfg.iniContent) ] ++ map lib.generators.toGitINI fragments
  );
  include = i: if i.condition != null then { includeIf.${i.condition}.path = "${i.path}"; } else { include.path = "${i.path}"; };

  includeType = types.submodule (
    { config, ... }:
    {
      options = {
        condition = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Include this configuration only when the condition matches.";
        };
        path = mkOption {
          type = types.either types.str types.path;
          description = "Path of the configuration file to include.";
        };
        contents = mkOption {
          type = types.attrsOf types.anything;
          default = { };
          description = "Configuration to include.";
        };
        contentSuffix = mkOption {
          type = types.str;
          default = "gitconfig";
          description = "Nix store name for the git configuration text file.";
        };
      };
      config.path = mkIf (config.contents != { }) (
        mkDefault (pkgs.writeText (lib.hm.strings.storeFileName config.contentSuffix) (lib.generators.toGitINI config.contents))
      );
    }
  );
in
{
  imports =
    [
      (lib.mkRenamedOptionModule [ "programs" "git" "signing" "gpgPath" ] [ "programs" "git" "signing" "signer" ])
      (lib.mkRenamedOptionModule [ "programs" "git" "extraConfig" ] [ "programs" "git" "settings" ])
    ]
    ++ lib.hm.deprecations.mkSettingsRenamedOptionModules [ "programs" "git" ] [ "programs" "git" "settings" ] { transform = x: x; } [
      { old = [ "userName" ]; new = [ "user" "name" ]; }
      { old = [ "userEmail" ]; new = [ "user" "email" ]; }
      { old = [ "aliases" ]; new = [ "alias" ]; }
    ];

  options.programs.git = {
    enable = lib.mkEnableOption "Git";
    package = lib.mkPackageOption pkgs "git" { nullable = true; };
    settings = mkOption {
      type = types.either gitIni (types.listOf gitIni);
      default = { };
      description = "Configuration written to $XDG_CONFIG_HOME/git/config.";
    };
    iniContent = mkOption {
      type = gitIni;
      internal = true;
      default = { };
      description = "All settings together.";
    };
    signing = {
      key = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "The default signing key fingerprint.";
      };
      format = mkOption {
        type = types.nullOr (types.enum [ "openpgp" "ssh" "x509" ]);
        description = "The signing method to use when signing commits and tags.";
      };
      signByDefault = mkOption {
        type = types.nullOr types.bool;
        default = null;
        description = "Whether commits and tags should be signed by default.";
      };
      signer = mkOption {
        type = types.nullOr types.str;
        description = "Path to signer binary to use.";
      };
    };
    hooks = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Git hooks.";
    };
    ignores = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "List of paths that should be globally ignored.";
    };
    attributes = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "List of defining attributes set globally.";
    };
    includes = mkOption {
      type = types.listOf includeType;
      default = [ ];
      description = "List of configuration files to include.";
    };
  };

  config = mkIf cfg.enable (
    lib.mkMerge [
      {
        home.packages = lib.optional (cfg.package != null) cfg.package;
        xdg.configFile = {
          "git/config".text = lib.concatStringsSep "\n" rendered;
          "git/ignore" = mkIf (cfg.ignores != [ ]) { text = lib.concatStringsSep "\n" cfg.ignores + "\n"; };
          "git/attributes" = mkIf (cfg.attributes != [ ]) { text = lib.concatStringsSep "\n" cfg.attributes + "\n"; };
        };
      }
      {
        programs.git.signing = {
          format = lib.mkOptionDefault (
            lib.hm.deprecations.stateVersionDefault {
              inherit (config.home) stateVersion;
              since = "25.05";
              legacy = "openpgp";
              current = null;
            }
          );
          signer = mkIf (cfg.signing.format != null) (
            lib.mkOptionDefault {
              openpgp = lib.getExe pkgs.gnupg;
              ssh = lib.getExe' pkgs.openssh "ssh-keygen";
              x509 = lib.getExe' pkgs.gnupg "gpgsm";
            }.${cfg.signing.format}
          );
        };
        programs.git.iniContent = lib.mkMerge [
          (mkIf (cfg.signing.key != null) { user.signingKey = mkDefault cfg.signing.key; })
          (mkIf (cfg.signing.signByDefault != null) {
            commit.gpgSign = mkDefault cfg.signing.signByDefault;
            tag.gpgSign = mkDefault cfg.signing.signByDefault;
          })
          (mkIf (cfg.signing.format != null) {
            gpg = {
              format = mkDefault cfg.signing.format;
              ${cfg.signing.format}.program = mkDefault cfg.signing.signer;
            };
          })
        ];
      }
      (mkIf (cfg.hooks != { }) {
        programs.git.iniContent.core.hooksPath = toString (
          pkgs.linkFarm "git-hooks" (lib.mapAttrsToList (name: path: { inherit name path; }) cfg.hooks)
        );
      })
      (mkIf (!builtins.isList cfg.settings && cfg.settings != { }) { programs.git.iniContent = cfg.settings; })
      (mkIf (cfg.includes != [ ]) {
        xdg.configFile."git/config".text = lib.mkAfter (
          lib.concatStringsSep "\n" (map (i: lib.generators.toGitINI (include i)) cfg.includes)
        );
      })
    ]
  );
}
