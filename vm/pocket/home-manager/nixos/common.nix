# Home Manager as a part of a NixOS or nix-darwin system.
{
  config,
  lib,
  pkgs,
  _class,
  ...
}:
let
  inherit (lib) mkOption types mkIf;
  cfg = config.home-manager;
  extendedLib = import ../modules/lib/stdlib-extended.nix lib;

  homeType = types.submoduleWith {
    description = "Home Manager module";
    class = "homeManager";
    specialArgs = {
      lib = extendedLib;
      osConfig = config;
      modulesPath = toString ../modules;
    }
    // lib.optionalAttrs (since "25.05") { osClass = _class; }
    // cfg.extraSpecialArgs;
    modules = [
      (
        { name, ... }:
        let
          user = config.users.users.${name};
          uid = builtins.tryEval user.uid;
        in
        {
          imports =
            import ../modules/modules.nix {
              inherit pkgs;
              lib = extendedLib;
              useNixpkgsModule = !cfg.useGlobalPkgs;
            }
            ++ cfg.sharedModules;
          config = {
            submoduleSupport = {
              enable = true;
              externalPackageInstall = cfg.useUserPackages;
            };
            home = {
              username = user.name;
              homeDirectory = user.home;
            }
            // lib.optionalAttrs (since "26.05") { uid = mkIf (uid.success && uid.value != null) uid.value; };
            nix = {
              package = mkIf (config.nix.enable || !since "26.05") config.nix.package;
            }
            // lib.optionalAttrs (since "24.11") { inherit (config.nix) enable; };
          };
        }
      )
    ];
  };
  inherit (import ../modules/lib/since.nix) since withoutYounger;
  perUser = f: lib.concatLists (lib.mapAttrsToList f cfg.users);
  younger = {
    backupCommand = "25.11";
    overwriteBackup = "25.11";
    enableLegacyProfileManagement = "25.11";
  };
in
{
  options.home-manager = withoutYounger younger {
    useUserPackages = lib.mkEnableOption "installation of user packages through the {option}`users.users.<name>.packages` option";
    useGlobalPkgs = lib.mkEnableOption "using the system configuration's `pkgs` argument in Home Manager. This disables the Home Manager options {option}`nixpkgs.*`";
    backupCommand = mkOption {
      type = types.nullOr (types.either types.str types.path);
      default = null;
      description = "On activation run this command on each existing file rather than exiting with an error.";
    };
    backupFileExtension = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "On activation move existing files by appending the given file extension rather than exiting with an error.";
    };
    overwriteBackup = lib.mkEnableOption "forced overwriting of existing backup files when using `backupFileExtension`";
    extraSpecialArgs = mkOption {
      type = types.attrs;
      default = { };
      description = "Extra `specialArgs` passed to Home Manager.";
    };
    sharedModules = mkOption {
      type = types.listOf types.raw;
      default = [ ];
      description = "Extra modules added to all users.";
    };
    verbose = lib.mkEnableOption "verbose output on activation";
    enableLegacyProfileManagement = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to enable legacy profile management during activation.";
    };
    users = mkOption {
      type = types.attrsOf homeType;
      default = { };
      description = "Per-user Home Manager configuration.";
    };
  };

  config = lib.mkMerge [
    (mkIf (cfg.useUserPackages && cfg.users != { }) {
      users.users = builtins.mapAttrs (_: home: { packages = [ home.home.path ]; }) cfg.users;
      environment.pathsToLink = [ "/etc/profile.d" ];
    })
    (mkIf (cfg.users != { }) {
      warnings = perUser (user: home: map (w: "${user} profile: ${w}") home.warnings);
      assertions = perUser (
        user: home: map (a: { inherit (a) assertion; message = "${user} profile: ${a.message}"; }) home.assertions
      );
    })
  ];
}
