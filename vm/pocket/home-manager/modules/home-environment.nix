# The user, the packages, and the session's variables.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types mkIf;
  cfg = config.home;
  plain = [ types.str types.path types.int types.float ];
  variable = if since "26.05" then types.nullOr (types.oneOf (plain ++ [ types.bool ])) else types.oneOf plain;
  inherit (config.lib) shell;
  inherit (import ./lib/since.nix) since withoutYounger;

  younger = {
    uid = "26.05";
    sessionSearchVariables = "25.05";
    extraDependencies = "25.05";
    checks = "25.11";
    activationGenerateGcRoot = "25.11";
    shell = "25.05";
  };
  sourced = if since "26.05" then "\${__HM_SESS_VARS_SOURCED-}" else "$__HM_SESS_VARS_SOURCED";
  searched =
    if since "25.05" then
      lib.mapAttrsToList (name: values: shell.export name (shell.prependToVar ":" name values)) cfg.sessionSearchVariables
    else
      lib.optional (cfg.sessionPath != [ ]) (shell.export "PATH" "$PATH\${PATH:+:}${lib.concatStringsSep ":" cfg.sessionPath}");
in
{
  options.home = withoutYounger younger {
    username = mkOption {
      type = types.str;
      example = "jane.doe";
      description = "The user's username.";
    };
    uid = mkOption {
      type = types.nullOr types.ints.unsigned;
      default = null;
      description = "The user's uid.";
    };
    homeDirectory = mkOption {
      type = types.path;
      apply = toString;
      example = "/home/jane.doe";
      description = "The user's home directory. Must be an absolute path.";
    };
    profileDirectory = mkOption {
      type = types.path;
      readOnly = true;
      default =
        if config.submoduleSupport.enable && config.submoduleSupport.externalPackageInstall then
          "/etc/profiles/per-user/${cfg.username}"
        else if config.nix.useXdg or (config.nix.enable && config.nix.settings.use-xdg-base-directories or false) then
          "${config.xdg.stateHome}/nix/profile"
        else
          cfg.homeDirectory + "/.nix-profile";
      description = "The profile directory where Home Manager generations are installed.";
    };
    language = mkOption {
      type = types.submodule {
        options = lib.genAttrs [ "base" "ctype" "numeric" "time" "collate" "monetary" "messages" "paper" "name" "address" "telephone" "measurement" ] (n: mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "The language to use for ${n}.";
        });
      };
      default = { };
      description = "Language configuration.";
    };
    keyboard = mkOption {
      type = types.nullOr types.attrs;
      default = if lib.versionAtLeast cfg.stateVersion "21.11" then null else { };
      description = "Keyboard configuration. Set to null to disable Home Manager keyboard management.";
    };
    shellAliases = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Aliases for all shells.";
    };
    sessionVariables = mkOption {
      type = types.lazyAttrsOf variable;
      default = { };
      description = "Environment variables to always set at login.";
    };
    sessionVariablesPackage = mkOption {
      type = types.package;
      internal = true;
      description = "The package containing the hm-session-vars.sh file.";
    };
    sessionPath = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Extra directories to prepend to PATH.";
    };
    sessionSearchVariables = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      description = "Extra directories to prepend to variables like PATH.";
    };
    sessionVariablesExtra = mkOption {
      type = types.lines;
      default = "";
      internal = true;
      description = "Extra lines of hm-session-vars.sh.";
    };
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "The set of packages to appear in the user environment.";
    };
    extraOutputsToInstall = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Additional package outputs to install.";
    };
    extraDependencies = mkOption {
      type = types.listOf types.pathInStore;
      default = [ ];
      description = "Paths that belong to the home's closure.";
    };
    checks = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages that the home's build depends on.";
    };
    path = mkOption {
      internal = true;
      description = "The derivation installing the user packages.";
    };
    emptyActivationPath = mkOption {
      internal = true;
      type = types.bool;
      default = lib.versionAtLeast cfg.stateVersion "22.11";
      description = "Whether the activation script should start with an empty PATH.";
    };
    activation = mkOption {
      type = lib.hm.types.dagOf types.str;
      default = { };
      description = "The activation scripts blocks to run when activating a Home Manager generation.";
    };
    activationPackage = mkOption {
      internal = true;
      type = types.package;
      description = "The package containing the complete activation script.";
    };
    activationGenerateGcRoot = mkOption {
      internal = true;
      type = types.bool;
      default = true;
      description = "Whether the activation script should create a GC root.";
    };
    extraActivationPath = mkOption {
      internal = true;
      type = types.listOf types.package;
      default = [ ];
      description = "Extra packages to add to PATH within the activation script.";
    };
    extraBuilderCommands = mkOption {
      type = types.lines;
      default = "";
      internal = true;
      description = "Extra commands to run in the Home Manager generation builder.";
    };
    extraProfileCommands = mkOption {
      type = types.lines;
      default = "";
      internal = true;
      description = "Extra commands to run in the Home Manager profile builder.";
    };
    enableNixpkgsReleaseCheck = mkOption {
      type = types.bool;
      default = true;
      description = "Determines whether to check for release version mismatch between Home Manager and Nixpkgs.";
    };
    preferXdgDirectories = lib.mkEnableOption "" // {
      description = "Whether to make programs use XDG directories whenever supported.";
    };
    shell = lib.genAttrs [ "enableBashIntegration" "enableZshIntegration" "enableFishIntegration" "enableShellIntegration" ] (_: mkOption {
      type = types.bool;
      default = true;
      description = "Whether to enable shell integration by default.";
    });
  };

  config = {
    assertions = [
      {
        assertion = cfg.username != "";
        message = "Username could not be determined";
      }
      {
        assertion = cfg.homeDirectory != "";
        message = "Home directory could not be determined";
      }
    ];
    warnings =
      let
        hm = cfg.version.release;
        ofLib = lib.trivial.release;
        ofPkgs = pkgs.lib.trivial.release;
        summary =
          if ofLib == ofPkgs || !since "26.05" then
            "Home Manager version ${hm} and\nNixpkgs version ${ofLib}."
          else
            "Home Manager version: ${hm}\nNixpkgs version used to evaluate Home Manager: ${ofLib}\nNixpkgs version used for packages (`pkgs`): ${ofPkgs}";
      in
      lib.optional (cfg.enableNixpkgsReleaseCheck && (hm != ofLib || since "26.05" && hm != ofPkgs)) ''
        You are using

          ${lib.replaceString "\n" "\n  " summary}

        Using mismatched versions is likely to cause errors and unexpected
        behavior. It is therefore highly recommended to use a release of Home
        Manager that corresponds with your chosen release of Nixpkgs.

        If you insist then you can disable this warning by adding

          home.enableNixpkgsReleaseCheck = false;

        to your configuration.
      '';

    home.username = mkIf (lib.versionOlder cfg.stateVersion "20.09") (lib.mkDefault (builtins.getEnv "USER"));
    home.homeDirectory = mkIf (lib.versionOlder cfg.stateVersion "20.09") (lib.mkDefault (builtins.getEnv "HOME"));

    programs.bash.shellAliases = cfg.shellAliases;
    programs.${if since "26.05" then "zsh" else null} = { inherit (cfg) shellAliases; };

    home.sessionVariables =
      let
        of = n: lib.optionalAttrs (cfg.language.${n} != null) { ${if n == "base" then "LANG" else "LC_${lib.toUpper n}"} = cfg.language.${n}; };
      in
      lib.mergeAttrsList (map of (builtins.attrNames cfg.language));
    home.${if since "25.05" then "sessionSearchVariables" else null} = mkIf (cfg.sessionPath != [ ]) { PATH = cfg.sessionPath; };

    home.sessionVariablesPackage = pkgs.writeTextFile {
      name = "hm-session-vars.sh";
      destination = "/etc/profile.d/hm-session-vars.sh";
      text =
        ''
          # Only source this once.
          if [ -n "${sourced}" ]; then return; fi
          export __HM_SESS_VARS_SOURCED=1

          ${shell.exportAll cfg.sessionVariables}
        ''
        + lib.concatStringsSep "\n" searched
        + lib.optionalString (since "25.05" || searched != [ ]) "\n"
        + cfg.sessionVariablesExtra;
    };
    home.packages = [ cfg.sessionVariablesPackage ];

    home.activation = {
      # Blocks before this one look; blocks after it change things.
      writeBoundary = lib.hm.dag.entryAnywhere (lib.optionalString (since "25.11") ''
        if (( $hmDriverVersion < 1 )); then
          if [[ ! -v oldGenPath || "$oldGenPath" != "$newGenPath" ]]; then
            _i "Creating new profile generation"
            run nix-env $VERBOSE_ARG --profile "$genProfilePath" --set "$newGenPath"
          else
            _i "No change so reusing latest profile generation"
          fi
        fi
      '');
      installPackages = lib.hm.dag.entryAfter [ "writeBoundary" ] (
        if config.submoduleSupport.externalPackageInstall then
          "nixProfileRemove home-manager-path\n"
        else
          "installHomeManagerPath ${cfg.profileDirectory} ${cfg.path}\n"
      );
    };

    home.path = pkgs.buildEnv {
      name = "home-manager-path";
      paths = cfg.packages;
      inherit (cfg) extraOutputsToInstall;
      postBuild = cfg.extraProfileCommands;
      meta.description = "Environment of packages installed through home-manager";
    };
  };
}
