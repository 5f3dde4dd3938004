# Users, their groups, and their own packages.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.users;
  str = default: description: mkOption {
    type = types.str;
    inherit default description;
  };
  bool = default: description: mkOption {
    type = types.bool;
    inherit default description;
  };
  secret = mkOption {
    type = types.nullOr types.str;
    default = null;
    description = "A password.";
  };

  userType = types.submodule (
    { name, config, ... }:
    {
      options = {
        enable = bool true "Whether to have this user.";
        name = mkOption {
          type = types.passwdEntry types.str;
          default = name;
          description = "The name of the user account.";
        };
        description = str "" "A short description of the user account.";
        uid = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "The account UID.";
        };
        isNormalUser = bool false "Whether this is an account for a real user.";
        isSystemUser = bool false "Whether this is an account for a system user.";
        group = str "" "The user's primary group.";
        extraGroups = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "The user's auxiliary groups.";
        };
        home = mkOption {
          type = types.passwdEntry types.path;
          default = "/var/empty";
          description = "The user's home directory.";
        };
        homeMode = str "700" "The user's home directory mode.";
        createHome = bool false "Whether to create the home directory.";
        shell = mkOption {
          type = types.nullOr (types.either types.package (types.passwdEntry types.path));
          default = "/usr/sbin/nologin";
          description = "The user's shell.";
        };
        useDefaultShell = bool false "Whether to use users.defaultUserShell.";
        linger = bool false "Whether the user's services run without a session.";
        packages = mkOption {
          type = types.listOf types.package;
          default = [ ];
          description = "The set of packages that should be made available to the user.";
        };
        password = secret;
        initialPassword = secret;
        hashedPassword = secret;
        initialHashedPassword = secret;
        hashedPasswordFile = secret;
        ignoreShellProgramCheck = bool false "Do not insist on programs.SHELL.enable.";
        openssh = mkOption {
          type = types.anything;
          default = { };
          description = "Accepted; changes nothing on the pocket channel.";
        };
      };
      config = lib.mkMerge [
        (lib.mkIf config.isNormalUser {
          group = lib.mkDefault "users";
          createHome = lib.mkDefault true;
          home = lib.mkDefault "/home/${config.name}";
          useDefaultShell = lib.mkDefault true;
          isSystemUser = lib.mkDefault false;
        })
        (lib.mkIf config.useDefaultShell { shell = lib.mkOverride 999 cfg.defaultUserShell; })
      ];
    }
  );
  groupType = types.submodule (
    { name, ... }:
    {
      options = {
        name = str name "The name of the group.";
        gid = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "The group GID.";
        };
        members = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "The user names of the group members.";
        };
      };
    }
  );
  own = lib.filterAttrs (n: u: u.enable && n != "root") cfg.users;

  # One line per user and group for the activation script.
  spec = pkgs.writeText "users-groups.tsv" (
    lib.concatStrings (
      lib.mapAttrsToList (_: g: "group\t${g.name}\t${if g.gid == null then "-" else toString g.gid}\t${lib.concatStringsSep "," g.members}\n") cfg.groups
      ++ lib.mapAttrsToList (
        _: u:
        lib.concatStringsSep "\t" [
          "user"
          u.name
          (if u.uid == null then "-" else toString u.uid)
          u.group
          (if u.extraGroups == [ ] then "-" else lib.concatStringsSep "," u.extraGroups)
          u.home
          u.homeMode
          (if u.createHome then "create" else "-")
          (if u.shell == null then "/bin/sh" else utils.toShellPath u.shell)
          (if u.isSystemUser then "system" else "normal")
          (if u.hashedPassword != null then u.hashedPassword else if u.initialHashedPassword != null then u.initialHashedPassword else "-")
          (if u.password != null then u.password else if u.initialPassword != null then u.initialPassword else "-")
          u.description
        ]
        + "\n"
      ) own
    )
  );
in
{
  options.users = {
    mutableUsers = bool true "Whether users can be changed by hand.";
    defaultUserShell = mkOption {
      type = types.either types.path types.shellPackage;
      default = pkgs.bash;
      description = "The default shell.";
    };
    users = mkOption {
      type = types.attrsOf userType;
      default = { };
      description = "Additional user accounts.";
    };
    groups = mkOption {
      type = types.attrsOf groupType;
      default = { };
      description = "Additional groups.";
    };
  };

  config = {
    users.groups = {
      users.gid = 100;
      wheel = { };
    };
    users.users.root = {
      uid = 0;
      home = "/root";
      shell = "/bin/bash";
      group = "root";
      isSystemUser = true;
    };
    assertions = lib.concatLists (
      lib.mapAttrsToList (name: u: [
        {
          assertion = u.isNormalUser != u.isSystemUser;
          message = "Exactly one of users.users.${name}.isSystemUser and users.users.${name}.isNormalUser must be set.\n";
        }
        {
          assertion = u.group != "";
          message = "users.users.${name}.group is unset. This used to default to\nnogroup, but this is unsafe. For example you can create a group\nfor this user with:\nusers.users.${name}.group = \"${name}\";\nusers.groups.${name} = {};\n";
        }
      ]
      ++ map (shell: {
        assertion = !u.ignoreShellProgramCheck -> (!(lib.isDerivation u.shell && u.shell.pname or "" == shell) || config.programs.${shell}.enable);
        message = "users.users.${name}.shell is set to ${shell}, but\nprograms.${shell}.enable is not true. This will cause the ${shell}\nshell to lack the basic Nix directories in its PATH and might make\nlogging in as that user impossible. You can fix it with:\nprograms.${shell}.enable = true;\n\nIf you know what you're doing and you are fine with the behavior,\nset users.users.${name}.ignoreShellProgramCheck = true;\ninstead.\n";
      }) [ "fish" "zsh" ]) own
    );

    environment.etc = lib.mapAttrs' (
      name: u:
      lib.nameValuePair "profiles/per-user/${u.name}" {
        source = pkgs.buildEnv {
          name = "user-environment";
          paths = u.packages;
          inherit (config.environment) pathsToLink extraOutputsToInstall;
          ignoreCollisions = true;
        };
      }
    ) (lib.filterAttrs (_: u: u.packages != [ ]) own);

    system.activationScripts.users.text = "bash ${./update-users-groups.sh} ${spec}\n";
  };
}
