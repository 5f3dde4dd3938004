# What must hold of users and groups.
{ config, lib, ... }:
let
  cfg = config.users;
  ids = attr: set: map (x: x.${attr}) (lib.filter (x: x.${attr} != null) (builtins.attrValues set));
  unique = attr: set: let all = ids attr set; in lib.length (lib.unique all) == lib.length all;
  groupNames = lib.mapAttrsToList (_: g: g.name) cfg.groups;
  withoutGroup = lib.filterAttrs (_: u: u.group != "" && !lib.elem u.group groupNames) cfg.users;
  missingGroups = lib.unique (lib.mapAttrsToList (_: u: u.group) withoutGroup);
  withoutShell = builtins.attrNames (lib.filterAttrs (_: u: u.shell == null) cfg.users);
  # Null and these values of the shadow file allow no login; an empty one does.
  hashAllowsLogin = hash: !lib.elem hash [ null "!" "!!" "*" ];
  privileged = name: u: name == "root" || u.group == "wheel" || lib.elem "wheel" u.extraGroups;
  canLogIn =
    u:
    hashAllowsLogin u.hashedPassword
    || u.password != null
    || u.hashedPasswordFile != null
    || u.openssh.authorizedKeys.keys != [ ]
    || u.openssh.authorizedKeys.keyFiles != [ ];
  nameRegex = "[a-zA-Z0-9_.][a-zA-Z0-9_.-]*";

  ofUser = u: [
    {
      assertion = builtins.match nameRegex u.name != null;
      message = "The username \"${u.name}\" is not valid, it does not match the regex \"${nameRegex}\".";
    }
    {
      assertion = u.hashedPassword == null || !lib.hasInfix ":" u.hashedPassword;
      message = "The password hash of user \"${u.name}\" contains a \":\" character.\nThis is invalid and would break the login system because the fields\nof /etc/shadow (file where hashes are stored) are colon-separated.\nPlease check the value of option `users.users.\"${u.name}\".hashedPassword`.";
    }
    {
      assertion = u.isNormalUser && u.uid != null -> u.uid >= 1000;
      message = "A user cannot have a users.users.${u.name}.uid set below 1000 and set users.users.${u.name}.isNormalUser.\nEither users.users.${u.name}.isSystemUser must be set to true instead of users.users.${u.name}.isNormalUser\nor users.users.${u.name}.uid must be changed to 1000 or above.\n";
    }
    {
      # A number below 1000 makes a system user too.
      assertion = (u.isSystemUser || (u.uid != null && u.uid < 1000 && !u.isNormalUser)) != u.isNormalUser;
      message = "Exactly one of users.users.${u.name}.isSystemUser and users.users.${u.name}.isNormalUser must be set.\n";
    }
    {
      assertion = u.group != "";
      message = "users.users.${u.name}.group is unset. This used to default to\nnogroup, but this is unsafe. For example you can create a group\nfor this user with:\nusers.users.${u.name}.group = \"${u.name}\";\nusers.groups.${u.name} = {};\n";
    }
    {
      assertion = u.linger != null -> cfg.manageLingering;
      message = "users.manageLingering is set to false, but\nusers.users.${u.name}.linger is configured.\n\nIf you want NixOS to manage whether user accounts linger or\nnot, you must set users.manageLingering to true.  This is the\ndefault setting.\n\nIf you do not want NixOS to manage whether user accounts linger\nor not, you must set users.users.${u.name}.linger to null.\nThis is the default setting provided system.stateVersion is at\nleast \"25.11\".\n";
    }
  ]
  ++ map (shell: {
    assertion = !u.ignoreShellProgramCheck -> (!(lib.isDerivation u.shell && u.shell.pname or "" == shell) || config.programs.${shell}.enable);
    message = "users.users.${u.name}.shell is set to ${shell}, but\nprograms.${shell}.enable is not true. This will cause the ${shell}\nshell to lack the basic Nix directories in its PATH and might make\nlogging in as that user impossible. You can fix it with:\nprograms.${shell}.enable = true;\n\nIf you know what you're doing and you are fine with the behavior,\nset users.users.${u.name}.ignoreShellProgramCheck = true;\ninstead.\n";
  }) [ "fish" "zsh" ];
in
{
  assertions = [
    {
      assertion = cfg.enforceIdUniqueness -> unique "uid" cfg.users && unique "gid" cfg.groups;
      message = "UIDs and GIDs must be unique!";
    }
    {
      assertion = withoutGroup == { };
      message = "The following users have a primary group that is undefined: ${lib.concatStringsSep " " (builtins.attrNames withoutGroup)}\nHint: Add this to your NixOS configuration:\n  ${lib.concatMapStringsSep "\n  " (g: "users.groups.${g} = {};") missingGroups}\n";
    }
    {
      assertion = !cfg.mutableUsers -> withoutShell == [ ];
      message = "users.mutableUsers = false has been set,\nbut found users that have their shell set to null.\nIf you wish to disable login, set their shell to pkgs.shadow (the default).\nMisconfigured users: ${lib.concatStringsSep " " withoutShell}\n";
    }
    {
      assertion = !cfg.mutableUsers -> !cfg.allowNoPasswordLogin -> lib.any (x: x) (lib.mapAttrsToList (name: u: privileged name u && canLogIn u) cfg.users);
      message = "Neither the root account nor any wheel user has a password or SSH authorized key.\nYou must set one to prevent being locked out of your system.\nIf you really want to be locked out of your system, set users.allowNoPasswordLogin = true;\nHowever you are most probably better off by setting users.mutableUsers = true; and\nmanually running passwd root to set the root password.\n";
    }
  ]
  ++ lib.concatMap ofUser (builtins.attrValues cfg.users);
}
