# A home: what evaluates, what is generated, what is refused.
{
  lib,
  pkgs,
  channel,
  base,
  home,
  homeWith,
  ...
}:
let
  fileText = c: name: builtins.readFile c.home.file.${name}.source;
  at = v: module: (homeWith { } [ (base // { }) { home.stateVersion = lib.mkForce v; } module ]).config;
in
{
  equal = {
    target = [ (home { home.file."x/y".text = "t"; }).home.file."x/y".target "x/y" ];
    target-moved = [ (home { home.file.a = { target = "/home/alice/b"; text = ""; }; }).home.file.a.target "b" ];
    store-name = [ (lib.hasSuffix "-hm_.configdemogreeting" (home { home.file.".config/demo/greeting".text = "x"; }).home.file.".config/demo/greeting".source) true ];
    text = [ (fileText (home { home.file.a.text = "hello\n"; }) "a") "hello\n" ];
    keep-files = [ (builtins.attrNames (home { }).home.file) [ "/home/alice/.cache/.keep" "/home/alice/.config/environment.d/10-home-manager.conf" "/home/alice/.config/systemd/user/tray.target" "/home/alice/.local/state/.keep" ] ];
    xdg = [ (home { xdg.configFile."a/b".text = "z"; }).home.file."/home/alice/.config/a/b".target ".config/a/b" ];
    profile-dir-of-xdg = [
      (map (nix: (home { inherit nix; }).home.profileDirectory) [
        { assumeXdg = true; }
        { package = pkgs.hello; settings.use-xdg-base-directories = true; }
      ])
      [ "/home/alice/.local/state/nix/profile" "/home/alice/.local/state/nix/profile" ]
    ];
    profile-dir = [ (home { }).home.profileDirectory "/home/alice/.nix-profile" ];
    aliases = [ (home { home.shellAliases.g = "git"; }).programs.bash.shellAliases { g = "git"; } ];
    session-path = [ (home { home.sessionPath = [ "$HOME/bin" ]; }).home.sessionSearchVariables { PATH = [ "$HOME/bin" ]; } ];
    session-path-joins = [
      (home { home.sessionPath = [ "b" ]; home.sessionSearchVariables.PATH = [ "a" ]; }).home.sessionSearchVariables.PATH
      [ "a" "b" ]
    ];
    session-vars = [ (lib.hasInfix "export EDITOR=\"vim\"" (home { home.sessionVariables.EDITOR = "vim"; }).home.sessionVariablesPackage.text) true ];
    git = [ (fileText (home { programs.git = { enable = true; settings.user.name = "A"; }; }) "/home/alice/.config/git/config") "[user]\n\tname = \"A\"\n" ];
    git-renamed = [
      (
        let
          c = home { _file = "home.nix"; programs.git = { enable = true; userName = "A"; }; };
        in
        [ c.programs.git.settings.user.name c.warnings ]
      )
      [ "A" [ "The option `programs.git.userName' defined in `home.nix' has been renamed to `programs.git.settings.user.name'." ] ]
    ];
    activation-order = [
      (map (s: s.name) ((import ../home-manager/modules/lib/stdlib-extended.nix lib).hm.dag.topoSort (home { }).home.activation).result)
      [ "checkFilesChanged" "checkLinkTargets" "writeBoundary" "installPackages" "linkGeneration" "onFilesChange" "reloadSystemd" ]
    ];
    release-warning = [ (map (lib.hasInfix "Home Manager version: 26.05\n  Nixpkgs version used to evaluate Home Manager: 25.11") (homeWith { lib = lib.extend (_: p: { trivial = p.trivial // { release = "25.11"; }; }); } [ base ]).config.warnings) [ true ] ];
    no-warning = [ (home { }).warnings [ ] ];
    special-args = [ (homeWith { extraSpecialArgs.who = "me"; } [ base ({ who, ... }: { home.file.who.text = who; }) ]).config.home.file.who.text "me" ];
    own-config = [ (lib.isString (home ({ pkgs, ... }: { nixpkgs.config.allowUnfree = true; home.packages = [ pkgs.hello-unfree ]; })).home.path.drvPath) true ];
    own-overlay = [ (lib.any (p: p.name or "" == "hello-5") (home ({ pkgs, ... }: { nixpkgs.overlays = [ (f: p: { hello = p.hello.overrideAttrs { version = "5"; }; }) ]; home.packages = [ pkgs.hello ]; })).home.packages) true ];
    own-config-twice = [
      (
        let
          c = home { imports = [ { nixpkgs.config = { allowUnfreePackages = [ "a" ]; packageOverrides = p: { one = 1; }; }; } { nixpkgs.config = { allowUnfreePackages = [ "b" ]; packageOverrides = { two = 2; }; }; } ]; };
        in
        [ c.nixpkgs.config.allowUnfreePackages (c.nixpkgs.config.packageOverrides { }) ]
      )
      [ [ "b" "a" ] { one = 1; two = 2; } ]
    ];
    # Bash reads its own files while they are built.
    bash-is-checked = [
      (map (n: lib.hasInfix "-n -O extglob" (toString (home { programs.bash = { enable = true; logoutExtra = "x"; }; }).home.file.${n}.source.args)) [ ".profile" ".bashrc" ".bash_logout" ])
      [ true true true ]
    ];
    zsh-values-as-they-are = [
      (
        let
          c = home { programs.zsh = { enable = true; sessionVariables.P = "a\"b"; cdpath = [ "~/src" ]; dirHashes.docs = "$HOME/Documents"; setOptions = [ "NO_BEEP" ]; }; };
        in
        [
          (lib.hasInfix "export P=\"a\"b\"\n" c.home.file."./.zshenv".text)
          (map (t: lib.hasInfix t c.programs.zsh.initContent) [ "cdpath+=(~/src)\n" "hash -d docs=\"$HOME/Documents\"\n" ])
          (lib.last c.programs.zsh.setOptions)
        ]
      )
      [ true [ true true ] "NO_BEEP" ]
    ];
    zsh-history-path = [ (map (lib.hasSuffix "Current history.path: .hist\n") (home { programs.zsh = { enable = true; history.path = ".hist"; }; }).warnings) [ true ] ];
    zsh-init-extra = [
      (
        let
          c = home { programs.zsh = { enable = true; initExtra = "late"; initExtraFirst = "early"; }; };
        in
        [ (lib.hasPrefix "early\n" c.programs.zsh.initContent) (lib.hasInfix "\nlate" c.programs.zsh.initContent) c.warnings ]
      )
      [ true true [ ] ]
    ];
    builds = [ (lib.isString (home { programs.bash.enable = true; programs.zsh.enable = true; programs.git.enable = true; }).home.activationPackage.drvPath) true ];
  };
  refused = {
    no-state-version = {
      expr = (homeWith { } [ (base // { home = { inherit (base.home) username homeDirectory; }; }) ]).activationPackage.drvPath;
      says = "The option `home.stateVersion' was accessed but has no value defined. Try setting the option.";
    };
    news-file = {
      expr = (home { }).news.json.output;
      says = "The pocket channel does not model news.json; run this scenario on the real channel.";
    };
    html-manual = {
      expr = (homeWith { } [ base { manual.html.enable = true; } ]).activationPackage.drvPath;
      says = "The pocket channel does not model manual.html.enable; run this scenario on the real channel.";
    };
    bad-state-version = {
      expr = (at "99.01" { }).home.path.drvPath;
      says = "A definition for option `home.stateVersion' is not of type `one of \"18.09\", \"19.03\",";
    };
    no-username = {
      expr = (homeWith { } [ { home.homeDirectory = "/home/a"; home.stateVersion = "26.05"; } ]).activationPackage.drvPath;
      says = "The option `home.username' was accessed but has no value defined. Try setting the option.";
    };
    empty-username = {
      expr = (homeWith { } [ { home = base.home // { username = ""; }; } ]).activationPackage.drvPath;
      says = "Failed assertions: - Username could not be determined";
    };
    assumed-and-set = {
      expr = (homeWith { } [ base { nix = { assumeXdg = true; package = pkgs.hello; settings.use-xdg-base-directories = true; }; } ]).activationPackage.drvPath;
      says = "`nix.assumeXdg` should not be set if `nix.settings.use-xdg-base-directories` is.";
    };
    same-target = {
      expr = (homeWith { } [ base { home.file.a = { target = "x"; text = ""; }; home.file.b = { target = "x"; text = ""; }; } ]).activationPackage.drvPath;
      says = "Failed assertions: - Conflicting managed target files: x";
    };
    unknown = {
      expr = (homeWith { } [ base { _file = "home.nix"; programs.starship.enable = true; } ]).activationPackage.drvPath;
      says = "The option `programs.starship' does not exist. Definition values: - In `home.nix'";
    };
    unknown-in-a-namespace = {
      expr = (homeWith { } [ base { _file = "home.nix"; services.openssh.enable = true; } ]).activationPackage.drvPath;
      says = "The option `services.openssh' does not exist. Definition values: - In `home.nix'";
    };
    unmodelled = {
      expr = (homeWith { } [ base { programs.starship.enable = true; } ]).activationPackage.drvPath;
      says = "the pocket channel does not model it; run this scenario on the real channel";
    };
    unmodelled-part = {
      expr = (homeWith { } [ base { programs.zsh.oh-my-zsh.enable = true; } ]).activationPackage.drvPath;
      says = "Home Manager itself has `programs.zsh.oh-my-zsh', but the pocket channel does not model it";
    };
    unmodelled-function = {
      expr = (home ({ lib, ... }: { home.file.x.text = toString (lib.hm.gvariant.mkInt32 5); })).home.file.x.text;
      says = "Home Manager has `lib.hm.gvariant.mkInt32', but the pocket channel does not model it";
    };
    both-with-global-packages = {
      expr =
        let
          both = import ../home-manager/modules/misc/nixpkgs-disabled.nix;
          c = (lib.evalModules {
            modules = [
              both
              (channel + "/nixpkgs/nixos/modules/misc/assertions.nix")
              { nixpkgs.overlays = [ ]; }
              { nixpkgs.config.allowUnfree = true; }
              { nixpkgs.config.allowBroken = true; }
            ];
            specialArgs = { inherit pkgs; };
          }).config;
        in
        assert c.nixpkgs.config == { allowUnfree = true; allowBroken = true; };
        throw (lib.concatMapStrings (a: lib.optionalString (!a.assertion) a.message) c.assertions);
      says = "`nixpkgs` options are disabled when `home-manager.useGlobalPkgs` is enabled.";
    };
    unfree = {
      expr = (home { home.packages = [ pkgs.hello-unfree ]; }).home.activationPackage.drvPath;
      says = "has an unfree license (‘unfree’), refusing to evaluate.";
    };
    assertion = {
      expr = (homeWith { } [ base { assertions = [ { assertion = false; message = "no"; } ]; } ]).activationPackage.drvPath;
      says = "Failed assertions: - no";
    };
  };
}
