# Home Manager of the older revision: its own files, defaults and options, not those of the newest under another name.
{
  lib,
  base,
  olderHome,
  ...
}:
let
  c = olderHome {
    programs.bash = { enable = true; shellAliases.ll = "ls -l"; historyFile = "/h"; };
    home.sessionPath = [ "$HOME/bin" ];
  };
  text = name: c.home.file.${name}.source.text;
  has = part: name: lib.hasInfix part (text name);
in
{
  equal = {
    release = [ c.home.version.release "24.05" ];
    files = [
      (builtins.attrNames (olderHome { }).home.file)
      [ "/home/alice/.cache/.keep" "/home/alice/.config/environment.d/10-home-manager.conf" ]
    ];
    files-of-root = [ (builtins.attrNames (olderHome { home.username = lib.mkForce "root"; }).home.file) [ "/home/alice/.cache/.keep" ] ];
    session-variables-of-the-profile = [ (has ". \"/home/alice/.nix-profile/etc/profile.d/hm-session-vars.sh\"" ".profile") true ];
    bashrc = [
      (map (part: has part ".bashrc") [ "shopt -s checkwinsize\n" "\nalias ll='ls -l'\n" "mkdir -p" ])
      [ true true false ]
    ];
    session-path = [
      (map (part: lib.hasInfix part c.home.sessionVariablesPackage.text) [
        "if [ -n \"$__HM_SESS_VARS_SOURCED\" ]"
        "export PATH=\"$PATH\${PATH:+:}$HOME/bin\"\n"
      ])
      [ true true ]
    ];
    units-are-suggested = [ c.systemd.user.startServices "suggest" ];
    generations = [
      (map (part: lib.hasInfix part c.home.activationPackage.activationScript) [ "hmDriverVersion" "makeGeneration\n" ])
      [ false true ]
    ];
    visual = [ (olderHome { programs.vim = { enable = true; defaultEditor = true; }; }).home.sessionVariables.VISUAL or null null ];
  };
  refused = {
    younger-option = {
      expr = (olderHome { home.uid = 1000; }).home.activationPackage.drvPath;
      says = "The option `home.uid' does not exist.";
    };
    younger-state-version = {
      expr = (olderHome { home.stateVersion = lib.mkOverride 40 base.home.stateVersion; }).home.stateVersion;
      says = "is not of type `one of \"18.09\", \"19.03\",";
    };
    modelled-as-newer = {
      expr = (olderHome { programs.git.enable = true; }).home.activationPackage.drvPath;
      says = "Of the pocket channel's revisions only 26.05 has `programs.git'; run this scenario on that";
    };
    legacy-services = {
      expr = (olderHome { systemd.user.startServices = true; }).home.activationPackage.drvPath;
      says = "The pocket channel does not model systemd.user.startServices = \"legacy\"";
    };
  };
}
