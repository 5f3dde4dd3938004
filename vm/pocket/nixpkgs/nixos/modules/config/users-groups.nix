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
  secret = type: description: mkOption {
    type = types.nullOr type;
    default = null;
    inherit description;
  };
  # Names longer than these do not fit where the system records sessions.
  short = what: x: if lib.stringLength x < 32 then x else abort "${what} '${x}' is longer than 31 characters which is not allowed!";
  baseGroups = import ./base-groups.nix;

  userType = types.submodule (
    { name, config, ... }:
    {
      options = {
        enable = bool true "Whether to have this user.";
        name = mkOption {
          type = types.passwdEntry types.str;
          default = name;
          apply = short "Username";
          description = "The name of the user account.";
        };
        description = mkOption {
          type = types.passwdEntry types.str;
          default = "";
          description = "A short description of the user account.";
        };
        uid = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "The account UID.";
        };
        isNormalUser = bool false "Whether this is an account for a real user.";
        isSystemUser = bool false "Whether this is an account for a system user.";
        group = (str "" "The user's primary group.") // { apply = short "Group name"; };
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
        homeMode = mkOption {
          type = types.strMatching "[0-7]{1,5}";
          default = "700";
          description = "The user's home directory mode.";
        };
        createHome = bool false "Whether to create the home directory.";
        shell = mkOption {
          type = types.nullOr (types.either types.package (types.passwdEntry types.path));
          default = "/usr/sbin/nologin";
          description = "The user's shell.";
        };
        useDefaultShell = bool false "Whether to use users.defaultUserShell.";
        linger = mkOption {
          type = types.nullOr types.bool;
          default = null;
          description = "Whether the user's services run without a session; null leaves it as it is.";
        };
        packages = mkOption {
          type = types.listOf types.package;
          default = [ ];
          description = "The set of packages that should be made available to the user.";
        };
        password = secret types.str "The password.";
        initialPassword = secret types.str "The password that a new user gets.";
        hashedPassword = secret (types.passwdEntry types.str) "The hash of the password.";
        initialHashedPassword = secret (types.passwdEntry types.str) "The hash of the password that a new user gets.";
        hashedPasswordFile = secret types.str "A file with the hash of the password.";
        ignoreShellProgramCheck = bool false "Do not insist on programs.SHELL.enable.";
        openssh = mkOption {
          type = types.submodule {
            freeformType = types.anything;
            options.authorizedKeys = {
              keys = mkOption {
                type = types.listOf types.str;
                default = [ ];
                description = "Public keys that open a session; they count as a way to log in, and are not installed.";
              };
              keyFiles = mkOption {
                type = types.listOf types.path;
                default = [ ];
                description = "Files of such keys.";
              };
            };
          };
          default = { };
          description = "Accepted; changes nothing else on the pocket channel.";
        };
      };
      config = lib.mkMerge [
        (lib.mkIf config.isNormalUser {
          group = lib.mkDefault "users";
          createHome = lib.mkDefault true;
          home = lib.mkDefault "${cfg.defaultUserHome}/${config.name}";
          useDefaultShell = lib.mkDefault true;
          isSystemUser = lib.mkDefault false;
        })
        (lib.mkIf config.useDefaultShell { shell = lib.mkOverride 999 cfg.defaultUserShell; })
        # Users who cannot change it keep their first password.
        (lib.mkIf (!cfg.mutableUsers && config.initialPassword != null) { password = lib.mkDefault config.initialPassword; })
        (lib.mkIf (!cfg.mutableUsers && config.initialHashedPassword != null) {
          hashedPassword = lib.mkDefault config.initialHashedPassword;
        })
      ];
    }
  );
  groupType = types.submodule (
    { name, config, ... }:
    {
      options = {
        name = mkOption {
          type = types.passwdEntry types.str;
          default = name;
          description = "The name of the group.";
        };
        gid = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "The group GID.";
        };
        members = mkOption {
          type = types.listOf (types.passwdEntry types.str);
          default = [ ];
          description = "The user names of the group members.";
        };
      };
      config.members = lib.mapAttrsToList (_: u: u.name) (lib.filterAttrs (_: u: u.enable && lib.elem config.name u.extraGroups) cfg.users);
    }
  );
  # Root and nobody are the guest's own.
  own = lib.filterAttrs (n: u: u.enable && !lib.elem n [ "root" "nobody" ]) cfg.users;
  # Debian's groups serve as the base groups; made is only what it may lack.
  ownGroups = lib.filterAttrs (
    n: g:
    !baseGroups ? ${n}
    || lib.elem n [ "users" "wheel" ]
    || g.members != [ ]
    || lib.any (u: u.group == g.name) (builtins.attrValues own)
  ) cfg.groups;
  gidOf = n: g: if g.gid == null || (baseGroups ? ${n} && n != "users") then "-" else toString g.gid;
  # "-" is none, and any other value follows "=": it may be empty or "-".
  value = v: if v == null then "-" else "=${v}";

  # One line per user and group for the activation script. A file goes before a
  # password, that before a hash, and those before what only a new user gets.
  spec = pkgs.writeText "users-groups.tsv" (
    "mutable\t${if cfg.mutableUsers then "yes" else "no"}\n"
    + lib.concatStrings (
      lib.mapAttrsToList (n: g: "group\t${g.name}\t${gidOf n g}\t${lib.concatStringsSep "," g.members}\n") ownGroups
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
          (if u.isNormalUser then "normal" else "system")
          (if u.linger == null then "-" else if u.linger then "yes" else "no")
          (value u.hashedPasswordFile)
          (value (
            if u.password != null && u.hashedPasswordFile == null then u.password
            else if u.hashedPassword == null then u.initialPassword
            else null
          ))
          (value (if u.hashedPassword != null then u.hashedPassword else u.initialHashedPassword))
          u.description
        ]
        + "\n"
      ) own
    )
  );
in
{
  imports = [
    ./users-assertions.nix
    (lib.mkAliasOptionModule [ "users" "extraUsers" ] [ "users" "users" ])
    (lib.mkAliasOptionModule [ "users" "extraGroups" ] [ "users" "groups" ])
  ];
  options.users = {
    mutableUsers = bool true "Whether users can be changed by hand.";
    enforceIdUniqueness = bool true "Whether no two users or groups may share a number.";
    manageLingering = bool true "Whether users may say that they linger.";
    allowNoPasswordLogin = bool false "Whether it is right that nobody can log in who may change the system.";
    defaultUserHome = str "/home" "The default home directory for normal users.";
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
    users.groups = lib.mapAttrs (_: gid: { inherit gid; }) baseGroups;
    users.users.root = {
      uid = 0;
      description = "System administrator";
      home = "/root";
      shell = lib.mkDefault cfg.defaultUserShell;
      group = "root";
    };
    users.users.nobody = {
      uid = 65534;
      isSystemUser = true;
      description = "Unprivileged account (don't use!)";
      group = "nogroup";
    };

    # Their paths in /etc/passwd lead there, whether or not a module sets them up.
    environment.systemPackages = lib.unique (
      lib.filter types.shellPackage.check (lib.mapAttrsToList (_: u: u.shell) cfg.users)
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
