# The home-manager command.
{
  lib,
  pkgs,
  path ? null,
}:
let
  # A path in the store, known as such, so that it is not collected.
  held =
    path:
    let
      plain = builtins.unsafeDiscardStringContext (toString path);
    in
    if dirOf plain == builtins.storeDir then builtins.appendContext plain { ${plain}.path = true; } else plain;
in
pkgs.packaged (pkgs.writer {
  name = "home-manager";
  builder = "/bin/bash";
  args = [
    "-ec"
    ''
      PATH=/usr/bin:/bin
      mkdir -p $out/bin
      script=''${script//@OUT@/$out}
      printf '%s' "$script" > $out/bin/home-manager
      chmod +x $out/bin/home-manager
      # Completions are not modelled; the directories are where a profile has them.
      mkdir -p $out/share/{bash,bash-completion/completions,fish/vendor_completions.d,zsh/site-functions,locale}
      touch $out/share/bash-completion/completions/home-manager $out/share/fish/vendor_completions.d/home-manager.fish
      touch $out/share/zsh/site-functions/_home-manager $out/share/bash/home-manager.sh
      exit 0
    ''
  ];
  script =
    lib.replaceStrings
      [ "@shell@" "@tools@" "@library@" "@release@" "@home-manager@" "@nixpkgs@" ]
      [
        pkgs.runtimeShell
        "${pkgs.activation-tools}/bin"
        (builtins.readFile ../lib/bash/home-manager.sh)
        (import ../release.nix).release
        (if path == null then "" else held path)
        (held pkgs.path)
      ]
      (builtins.readFile ./home-manager);
}) { meta.mainProgram = "home-manager"; meta.description = "A user environment configurator"; }
