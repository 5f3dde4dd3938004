# The options that Mac setups with Home Manager use.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  taken = default: mkOption {
    type = types.anything;
    inherit default;
    description = "Accepted; the pocket channel evaluates Macs and activates none.";
  };
  str = default: mkOption {
    type = types.nullOr types.str;
    inherit default;
    description = "A string.";
  };
  packages = mkOption {
    type = types.listOf types.package;
    default = [ ];
    description = "Packages.";
  };
  shell = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to configure this shell.";
    };
  };
  lines = lib.concatMapStrings (l: "${l}\n");
  # A text in the store, without the Mac packages it may name.
  stored = name: text: builtins.toFile name (builtins.unsafeDiscardStringContext text);
  rendered =
    f:
    let
      text = if f.text != null then f.text else f.source.text or null;
      source = toString f.source;
      name = lib.strings.sanitizeDerivationName (baseNameOf (builtins.unsafeDiscardStringContext f.target));
    in
    if text != null then
      stored name text
    else if builtins.hasContext source then
      builtins.unsafeDiscardStringContext source
    else
      "${f.source}";
in
{
  options = {
    system = {
      stateVersion = mkOption {
        type = types.ints.between 1 6;
        description = "The release whose defaults this system was made for.";
      };
      primaryUser = str null;
      defaults = taken { };
      keyboard = taken { };
      configurationRevision = str null;
      activationScripts = taken { };
      build = mkOption {
        type = types.attrsOf types.unspecified;
        default = { };
        description = "What is built.";
      };
    };
    networking = {
      hostName = str null;
      computerName = str null;
      localHostName = str null;
    };
    nix = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether to enable Nix.";
      };
      package = mkOption {
        type = types.package;
        default = pkgs.nix;
        description = "The Nix package.";
      };
      settings = taken { };
      gc = taken { };
      extraOptions = taken "";
    };
    environment = {
      systemPackages = packages;
      pathsToLink = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Directories linked from packages.";
      };
      variables = taken { };
      shells = taken [ ];
      etc = taken { };
    };
    users.users = mkOption {
      default = { };
      description = "Users.";
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              name = mkOption {
                type = types.str;
                default = name;
                description = "The name of the user account.";
              };
              home = mkOption {
                type = types.nullOr types.path;
                default = null;
                description = "The user's home directory.";
              };
              uid = mkOption {
                type = types.int;
                description = "The user's UID.";
              };
              description = str null;
              shell = taken null;
              packages = packages;
            };
          }
        )
      );
    };
    users.knownUsers = taken [ ];
    programs = lib.genAttrs [ "bash" "zsh" "fish" ] (_: shell);
    homebrew = taken { };
    launchd = taken { };
    services = taken { };
    security = taken { };
    fonts = taken { };
    time.timeZone = str null;
  };
  config = {
    assertions = [
      {
        assertion = lib.hasSuffix "-darwin" pkgs.stdenv.hostPlatform.system;
        message = "nix-darwin needs nixpkgs.hostPlatform to be a darwin platform, not ${pkgs.stdenv.hostPlatform.system}.";
      }
    ];
    # Rendered on Linux: homes/USER/files is the tree of the user's files,
    # homes/USER/packages the names of the packages, one a line.
    system.build.toplevel = derivation {
      name = "darwin-system-${if config.networking.hostName == null then "mac" else config.networking.hostName}";
      system = lib.replaceString "-darwin" "-linux" pkgs.stdenv.hostPlatform.system;
      builder = "/bin/bash";
      args = [
        "-ec"
        ''
          PATH=/usr/bin:/bin
          mkdir -p "$out/homes"
          printf '%s' "$systemPackages" > "$out/packages"
          while IFS=$'\t' read -r target source; do
            mkdir -p "$(dirname "$out/homes/$target")"
            ln -s "$source" "$out/homes/$target"
          done < "$entriesPath"
          exit 0
        ''
      ];
      systemPackages = lines (map (p: p.name) config.environment.systemPackages);
      entries = lib.concatStrings (
        lib.concatLists (
          lib.mapAttrsToList (
            user: h:
            [ "${user}/packages\t${stored "packages" (lines (map (p: p.name) h.home.packages))}\n" ]
            ++ lib.mapAttrsToList (_: f: "${user}/files/${f.target}\t${rendered f}\n") (lib.filterAttrs (_: f: f.enable) h.home.file)
          ) (config.home-manager.users or { })
        )
      );
      passAsFile = [ "entries" ];
    };
  };
}
