# The activation script, and the generation that holds it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (import ./lib/since.nix) since;
  cfg = config.home;

  sorted = lib.hm.dag.topoSort cfg.activation;
  steps =
    if sorted ? result then
      lib.concatMapStringsSep "\n" (step: "_iNote \"Activating %s\" \"${step.name}\"\n${step.data}\n") sorted.result
    else
      abort ("Dependency cycle in activation script: " + builtins.toJSON sorted);

  # Known programs only, and Nix itself wherever the machine has it.
  path =
    lib.makeBinPath ([ pkgs.activation-tools ] ++ cfg.extraActivationPath)
    + (
      if config.nix.enable && config.nix.package != null then
        ":${config.nix.package}/bin"
      else
        ":$(${pkgs.activation-tools}/bin/dirname $(${pkgs.activation-tools}/bin/readlink -m $(type -p nix-env)))"
    )
    + lib.optionalString (!cfg.emptyActivationPath) "\${PATH:+:}$PATH";

  username = lib.escapeShellArg cfg.username;
  uid = toString (cfg.uid or null);
  homeDirectory = lib.escapeShellArg cfg.homeDirectory;
  wrong = if since "26.05" then ''%s is "%s", expected "%s"'' else ''Error: %s is set to "%s" but we expect "%s"'';
  generations = if since "25.05" then ./lib-bash/generations.sh else ./lib-bash/generations-before-25.05.sh;
  optionalSince = release: lib.optionalString (since release);
  # Before 25.05 the links of a generation and its root were made together.
  hasRoot = cfg.activationGenerateGcRoot or (since "25.05");

  activationScript = ''
    #!${pkgs.runtimeShell}
    set -eu
    set -o pipefail

    cd $HOME

    export PATH="${path}"
    ${builtins.readFile ../lib/bash/home-manager.sh}
    ${optionalSince "25.11" (builtins.readFile ./lib-bash/driver-version.sh)}
    ${builtins.readFile generations}
    ${builtins.readFile ./lib-bash/activation-init.sh}

    if [[ ! -v SKIP_SANITY_CHECKS ]]; then
      wrong() { _iError '${wrong}' "$@"; exit 1; }
      [[ $USER == ${username} ]] || wrong USER "$USER" ${username}
      [[ $HOME -ef ${homeDirectory} ]] || wrong HOME "$HOME" ${homeDirectory}
      ${lib.optionalString (uid != "") "(($(id -u) == ${uid})) || wrong UID \"$(id -u)\" ${uid}"}
    fi

    ${lib.optionalString hasRoot ''
      # A root for the time of the activation. The caller's link and profile
      # hold the generation already, so only the traces of one are left.
      dropRoot() { run rm -f $VERBOSE_ARG "$newGenGcPath"; }
      trap dropRoot EXIT
      if [[ -v DRY_RUN ]]; then
        run nix-store --realise "$newGenPath" --add-root "$newGenGcPath"
      else
        mkdir -p "''${newGenGcPath%/*}"
      fi
    ''}

    ${steps}
    ${lib.optionalString (hasRoot && !config.uninstall) ''
      run --silence nix-store --realise "$newGenPath" --add-root "$currentGenGcPath"
      if [[ -e "$legacyGenGcPath" ]]; then run rm $VERBOSE_ARG "$legacyGenGcPath"; fi
    ''}
  '';
in
{
  home.activationPackage = pkgs.packaged (pkgs.writer {
    name = "home-manager-generation";
    builder = "/usr/bin/perl";
    args = [
      "-e"
      (builtins.readFile ./lib-bash/generation.pl)
    ];
    inherit activationScript;
    version = cfg.version.full;
    homeFiles = config.home-files;
    homePath = cfg.path;
    inherit (cfg) extraBuilderCommands;
    passAsFile = [ "activationScript" ];
    # The format of generations: one without it makes the profile's next generation as it is activated.
    genVersion = optionalSince "25.11" "1";
    ${if since "25.05" then "extraDependencies" else null} = cfg.extraDependencies;
    passedChecks = lib.concatStringsSep " " (cfg.checks or [ ]);
  }) { };
}
