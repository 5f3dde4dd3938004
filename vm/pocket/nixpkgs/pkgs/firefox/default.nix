# Firefox as a wrapper makes it: with policies, and with profiles chosen by folder.
{ lib, pkgs }:
let
  wrap =
    { config ? { } }:
    unwrapped:
    lib.makeOverridable (
      {
        cfg ? config.firefox or { },
        extraPolicies ? { },
        extraPrefs ? "",
        pkcs11Modules ? [ ],
        nativeMessagingHosts ? [ ],
      }:
      pkgs.runCommandLocal unwrapped.name
        {
          inherit (unwrapped) pname version;
          policies = builtins.toJSON { policies = extraPolicies; };
          inherit extraPrefs;
          passAsFile = [ "policies" "extraPrefs" ];
          passthru = { inherit unwrapped; browserName = "firefox"; applicationName = "firefox"; };
          meta = removeAttrs unwrapped.meta [ "name" ];
        }
        ''
          mkdir -p $out/bin $out/lib/firefox $out/lib/mozilla/native-messaging-hosts
          ln -s ${unwrapped}/share $out/share
          ln -s ${unwrapped}/lib/firefox/* $out/lib/firefox/
          # The program looks for the rest beside itself, links followed.
          rm -f $out/lib/firefox/firefox $out/lib/firefox/distribution
          cp ${unwrapped}/lib/firefox/firefox $out/lib/firefox/
          mkdir $out/lib/firefox/distribution
          cp "$policiesPath" $out/lib/firefox/distribution/policies.json
          [[ ! -s $extraPrefsPath ]] || cp "$extraPrefsPath" $out/lib/firefox/mozilla.cfg
          for host in ${toString nativeMessagingHosts}; do
            for manifest in $host/lib/mozilla/native-messaging-hosts/*; do ln -sf "$manifest" $out/lib/mozilla/native-messaging-hosts/; done
          done
          makeWrapper $out/lib/firefox/firefox $out/bin/firefox --set MOZ_LEGACY_PROFILES 1 --set MOZ_ALLOW_DOWNGRADE 1 \
            --set-default MOZ_APP_LAUNCHER firefox
        ''
    ) { };
in
rec {
  wrapFirefox = lib.makeOverridable (args: unwrapped: more: (wrap args unwrapped).override more) { };
  firefox = wrapFirefox pkgs.firefox-unwrapped { };
  firefox-esr = firefox;
  mozlz4a = pkgs.writeScriptBin "mozlz4a" ("#!/usr/bin/perl\n" + builtins.readFile ./mozlz4a.pl);
}
