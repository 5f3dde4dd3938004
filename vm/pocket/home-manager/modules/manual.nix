# The manual: a page that says it is not rendered stands in for it; other forms of it are refused.
{
  config,
  lib,
  pkgs,
  ...
}:
{
  options.manual = lib.genAttrs [ "html" "json" "manpages" ] (kind: {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = kind == "manpages";
      apply = on: if on && kind != "manpages" then throw "The pocket channel does not model manual.${kind}.enable; run this scenario on the real channel." else on;
      description = "Whether to install the ${kind} manual.";
    };
  });
  config.home.packages = lib.mkIf (!config.manual.html.enable && !config.manual.json.enable && config.manual.manpages.enable) [
    (pkgs.runCommandLocal "home-configuration-reference-manpage" { } ''
      mkdir -p $out/share/man/man1 $out/share/man/man5
      for page in man5/home-configuration.nix.5 man1/home-manager.1; do
        printf '.TH "POCKET" "5"\n.SH NAME\nThe pocket channel renders no manuals.\n' > $out/share/man/$page
      done
    '')
  ];
}
