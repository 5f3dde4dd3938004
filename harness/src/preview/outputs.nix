# The homes and hosts of a flake, and whose homes they manage. outputs.sh asks for it in the guest, a question at a time: an error
# ends the answer to one question only.
flake:
let
  inherit (builtins)
    attrNames
    attrValues
    elemAt
    length
    map
    toJSON
    ;

  sets = [
    "homeConfigurations"
    "nixosConfigurations"
    "darwinConfigurations"
  ];
  named = set: attrNames (flake.${elemAt sets set} or { });
  value = set: number: flake.${elemAt sets set}.${elemAt (named set) number};

  # The configurations of its homes, by user.
  homes =
    set: number:
    let
      inherit (value set number) config;
    in
    if set == 0 then
      { ${config.home.username} = config; }
    else
      config.home-manager.users or { };
in
{
  names =
    set:
    toJSON {
      count = length (named set);
      names = named set;
    };
  users = set: number: toJSON { users = attrNames (homes set number); };
  versions = set: number: toJSON { versions = map (home: home.home.stateVersion) (attrValues (homes set number)); };
  platform = set: number: toJSON { platform = (value set number).pkgs.stdenv.hostPlatform.system; };
}
